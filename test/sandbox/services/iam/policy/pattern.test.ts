import { arnLike, equals, like } from '../../../../../sandbox/services/iam/policy/pattern';

const VARIABLE = `\${aws:PrincipalTag/domain}`;
const TAG = 'aws:PrincipalTag/domain';

describe('a policy variable', () => {
  test('stands for the value in the request', () => {
    expect(like(`${VARIABLE}/*`, 'mesh.example.com/mail', { [TAG]: 'mesh.example.com' })).toBe(true);
    expect(like(`${VARIABLE}/*`, 'other.example.com/mail', { [TAG]: 'mesh.example.com' })).toBe(false);
  });

  test.each([
    ['no value', {}],
    ['an empty list of values', { [TAG]: [] }],
    ['several values', { [TAG]: ['mesh.example.com', 'other.example.com'] }],
  ])('with %s in the request matches nothing', (_what, context) => {
    for (const value of [
      '',
      '/',
      '/mail',
      'undefined/mail',
      `${TAG}/mail`,
      'mesh.example.com/mail',
      `${VARIABLE}/mail`,
    ]) {
      expect(like(`${VARIABLE}/*`, value, context)).toBe(false);
      expect(equals(`${VARIABLE}/mail`, value, context)).toBe(false);
    }
    expect(arnLike(`arn:aws:s3:::${VARIABLE}*`, 'arn:aws:s3:::bucket', context)).toBe(false);
  });

  test('has a value that is text: wildcards in it match themselves', () => {
    expect(like(VARIABLE, 'anything', { [TAG]: '*' })).toBe(false);
    expect(like(VARIABLE, '*', { [TAG]: '*' })).toBe(true);
  });
});
