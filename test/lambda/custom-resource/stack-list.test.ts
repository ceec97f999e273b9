import { StackList } from '../../../lambda/custom-resource/stack-list';

const STACKS = 'arn:aws:cloudformation:eu-central-1:111122223333:stack';
const MESH = `${STACKS}/Mesh/11111111-2222-3333-4444-555555555555`;

const served = new StackList(MESH, ['Mail', 'Groups-Nested-*']);

test.each([
  MESH,
  `${STACKS}/Mail/99999999-2222-3333-4444-555555555555`,
  `${STACKS}/Groups-Nested-1ABC/99999999-2222-3333-4444-555555555555`,
])('the list has %s', (stackId) => {
  expect(() => served.assertListed(stackId)).not.toThrow();
});

test.each([
  '',
  '*',
  `${STACKS}/Mesh/11111111-2222-3333-4444-555555555556`,
  `${MESH}0`,
  `${STACKS}/Mesh`,
  `${STACKS}/Mail`,
  `${STACKS}/Mail/`,
  `${STACKS}/Mail/99999999-2222-3333-4444-555555555555/Mail`,
  `${STACKS}//Mail/99999999-2222-3333-4444-555555555555`,
  'Mail',
  `${STACKS}/Mail2/99999999-2222-3333-4444-555555555555`,
  `${STACKS}/mail/99999999-2222-3333-4444-555555555555`,
  `${STACKS}/Groups/99999999-2222-3333-4444-555555555555`,
  `${STACKS.replace('111122223333', '444455556666')}/Mail/99999999-2222-3333-4444-555555555555`,
  `${STACKS.replace('eu-central-1', 'us-east-1')}/Mail/99999999-2222-3333-4444-555555555555`,
  ` ${MESH}`,
])('the list does not have %j', (stackId) => {
  expect(() => served.assertListed(stackId)).toThrow(
    /^the mesh does not serve the stack .*: deploy the stack of the mesh first/,
  );
});

describe('with stacks of another account', () => {
  const elsewhere = STACKS.replace('111122223333', '444455556666');
  const both = new StackList(MESH, ['Mail', '444455556666/Social', '444455556666/Team-*']);
  const idOf = (stacks: string, name: string) => `${stacks}/${name}/99999999-2222-3333-4444-555555555555`;

  test.each([idOf(STACKS, 'Mail'), idOf(elsewhere, 'Social'), idOf(elsewhere, 'Team-A')])(
    'the list has %s',
    (stackId) => {
      expect(() => both.assertListed(stackId)).not.toThrow();
    },
  );

  test.each([
    idOf(elsewhere, 'Mail'),
    idOf(STACKS, 'Social'),
    idOf(STACKS, 'Team-A'),
    idOf(STACKS, '444455556666/Social'),
    idOf(elsewhere.replace('444455556666', '777788889999'), 'Social'),
    idOf(elsewhere.replace('eu-central-1', 'us-east-1'), 'Social'),
    idOf(elsewhere.replace('arn:aws:', 'arn:aws-cn:'), 'Social'),
    MESH.replace('111122223333', '444455556666'),
  ])('the list does not have %s', (stackId) => {
    expect(() => both.assertListed(stackId)).toThrow('the mesh does not serve the stack');
  });

  test.each<[string, string | undefined]>([
    [idOf(elsewhere, 'Social'), '444455556666'],
    [idOf(STACKS, 'Mail'), undefined],
    [MESH, undefined],
  ])('the stack %s is in the account that invoked the function', (stackId, invokedBy) => {
    expect(() => both.assertInAccount(stackId, invokedBy)).not.toThrow();
  });

  test.each<[string, string | undefined]>([
    [idOf(elsewhere, 'Social'), undefined],
    [idOf(elsewhere, 'Social'), '777788889999'],
    [idOf(STACKS, 'Mail'), '444455556666'],
    [MESH, '444455556666'],
    ['', undefined],
    ['', '444455556666'],
    ['arn:aws:cloudformation:eu-central-1::stack/Social/1', '444455556666'],
    [` ${idOf(elsewhere, 'Social')}`, '444455556666'],
  ])('the stack %j is not in the account that invoked the function, which is %s', (stackId, invokedBy) => {
    expect(() => both.assertInAccount(stackId, invokedBy)).toThrow(/^the stack .* is not in the account/);
  });
});
