import { requesterFromArn, requesterFromCaller } from '../../mesh/requesters';
import { superLinearExpressions } from '../linear-regular-expressions';

const ROLE = 'arn:aws:iam::111122223333:role/MailApp';
const USER = 'arn:aws:iam::111122223333:user/people/alex';

/** Whether a caller is the role or user who is allowed. */
const matches = (requester: string, caller: string) => {
  const [allowed, calling] = [requesterFromArn(requester), requesterFromCaller(caller)];
  return allowed !== undefined && allowed === calling;
};

test.each([
  ['a session of the role', ROLE, 'arn:aws:sts::111122223333:assumed-role/MailApp/i-0123456789abcdef0'],
  [
    'a session of a role with a path',
    'arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Dev_0123456789abcdef',
    'arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/alex@example.com',
  ],
  [
    'a session in another partition',
    'arn:aws-us-gov:iam::111122223333:role/MailApp',
    'arn:aws-us-gov:sts::111122223333:assumed-role/MailApp/x+=,.@-',
  ],
  ['the user', USER, USER],
])('%s is who is allowed', (_name, requester, caller) => {
  expect(matches(requester, caller)).toBe(true);
});

test.each([
  ['a role of that name in another account', 'arn:aws:sts::999988887777:assumed-role/MailApp/session'],
  ['a role of that name in another partition', 'arn:aws-cn:sts::111122223333:assumed-role/MailApp/session'],
  ['a role whose name differs in case', 'arn:aws:sts::111122223333:assumed-role/mailapp/session'],
  ['a role whose name only begins so', 'arn:aws:sts::111122223333:assumed-role/MailApp2/session'],
  ['a session that is named like the role', 'arn:aws:sts::111122223333:assumed-role/Other/MailApp'],
  ['a session with a slash in its name', 'arn:aws:sts::111122223333:assumed-role/Other/assumed-role/MailApp/session'],
  ['a session of a role with a slash behind', 'arn:aws:sts::111122223333:assumed-role/MailApp/session/'],
  ['no session', 'arn:aws:sts::111122223333:assumed-role/MailApp'],
  ['a session without a name', 'arn:aws:sts::111122223333:assumed-role/MailApp/'],
  ['a line break', 'arn:aws:sts::111122223333:assumed-role/MailApp/session\n'],
  ['a user of that name', 'arn:aws:iam::111122223333:user/MailApp'],
  ['the role itself, which can sign nothing', ROLE],
  ['a federated user', 'arn:aws:sts::111122223333:federated-user/MailApp'],
  ['the root of the account', 'arn:aws:iam::111122223333:root'],
  ['nothing', ''],
  ['a wildcard', 'arn:aws:sts::*:assumed-role/*/*'],
])('%s is not the role', (_name, caller) => {
  expect(matches(ROLE, caller)).toBe(false);
});

test.each([
  ['of the same name under another path', 'arn:aws:iam::111122223333:user/alex'],
  ['of another account', 'arn:aws:iam::999988887777:user/people/alex'],
  ['that is a role', 'arn:aws:sts::111122223333:assumed-role/alex/session'],
])('a user %s is another', (_name, caller) => {
  expect(matches(USER, caller)).toBe(false);
});

test.each([
  '*',
  'arn:aws:iam::111122223333:root',
  'arn:aws:iam::111122223333:role/*',
  'arn:aws:iam::111122223333:group/Developers',
  'arn:aws:iam::*:role/MailApp',
  'arn:aws:sts::111122223333:assumed-role/MailApp/session',
  '111122223333',
  'AROAEXAMPLE',
  '',
])('%j is nobody who could be allowed', (arn) => {
  expect(requesterFromArn(arn)).toBeUndefined();
});

test('matches an ARN in a number of steps that is linear in its length', () => {
  expect(
    superLinearExpressions(() => [
      requesterFromArn(ROLE),
      requesterFromCaller('arn:aws:sts::111122223333:assumed-role/MailApp/session'),
    ]),
  ).toEqual([]);
});

test.each([`arn:aws:iam::111122223333:role/${'a/'.repeat(50_000)}`, `${ROLE}${'/'.repeat(100_000)}!`])(
  'refuses a long ARN: %.40s',
  (arn) => {
    expect(requesterFromArn(arn)).toBeUndefined();
    expect(requesterFromCaller(arn)).toBeUndefined();
  },
);
