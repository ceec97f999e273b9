import { AwsCallError, sdkCall } from '../../../aws/aws-error';
import { commandFailure, REMEDIES } from '../../../bin/shared/failure';
import { OperatorError } from '../../../bin/shared/mesh';

const systemError = (code: string, syscall: string) =>
  Object.assign(new Error(`${syscall} ${code}: it failed`), { code, syscall });

test.each(Object.entries(REMEDIES))('%s comes with what to do, in one line', (code, remedy) => {
  const sentence = commandFailure(new Error('it failed.', { cause: Object.assign(new Error(code), { code }) }));
  expect(sentence).toBe(`it failed.: ${code}: ${remedy}`);
  expect(remedy).not.toMatch(/\n|\.$/);
});

test('a port that only an administrator may open is not a file that can not be written', () => {
  expect(commandFailure(systemError('EACCES', 'listen'))).toContain('choose one from 1024 on');
  expect(commandFailure(systemError('EACCES', 'mkdir'))).toContain('this user may not write there');
});

test('an error of an AWS service and one of the way to it come with what to do', async () => {
  const denied = new AwsCallError('s3:GetObject', 'AccessDenied', 'no.');
  expect(commandFailure(denied)).toMatch(/^s3:GetObject failed with AccessDenied: no: the credentials lack/);
  const refused = sdkCall('s3:GetObject', Promise.reject(systemError('ECONNREFUSED', 'connect')));
  const error = await refused.catch((cause: unknown) => cause);
  expect(commandFailure(error)).toMatch(/^s3:GetObject failed with ECONNREFUSED: .*: nothing listens there/);
});

test('an error that says what to do is told as it is', () => {
  const cause = new AwsCallError('lambda:InvokeFunction', 'AccessDenied', 'no');
  expect(commandFailure(new OperatorError('not revoked: disable the client', { cause }))).not.toContain(
    'the credentials',
  );
});

test('any other error is told as it is', () => {
  const circular = new Error('it failed.');
  circular.cause = circular;
  expect(commandFailure(circular)).toBe('it failed.');
  expect(commandFailure('text')).toBe('text');
});
