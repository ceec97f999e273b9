import { AwsClient } from 'aws4fetch';
import { SANDBOX_ACCOUNT } from '../../../../sandbox/account';
import { Clock } from '../../../../sandbox/clock';
import type { Properties } from '../../../../sandbox/cloudformation/resource-type';
import { SsmService } from '../../../../sandbox/services/ssm';
import { requestFor, resourceType } from '../resource-request';
import { type Served, serve } from '../serve';

let service: SsmService;
let served: Served;

beforeEach(async () => {
  service = new SsmService({ account: SANDBOX_ACCOUNT, clock: new Clock() });
  served = await serve(service.api);
});

afterEach(() => served.close());

async function call(operation: string, input: object): Promise<Readonly<Record<string, unknown>>> {
  const { credentials, region, endpoint } = served.client;
  const client = new AwsClient({ ...credentials, region, service: 'ssm', retries: 0 });
  const headers = { 'x-amz-target': `AmazonSSM.${operation}`, 'content-type': 'application/x-amz-json-1.1' };
  const response = await client.fetch(endpoint, { method: 'POST', headers, body: JSON.stringify(input) });
  const text = await response.text();
  return text === '' ? {} : JSON.parse(text);
}

const type = () => resourceType(service, 'AWS::SSM::Parameter');
const create = (properties: Properties) => type().create(requestFor({ Type: 'String', ...properties }));

test('a parameter of a template is read by its name, its ARN, and its version', async () => {
  const created = await create({ Name: '/mail/host', Value: 'one' });
  expect(created).toEqual({ physicalId: '/mail/host', attributes: { Type: 'String', Value: 'one' } });
  await type().update(requestFor({ Type: 'String', Value: 'two' }), created, {});
  const arn = 'arn:aws:ssm:us-east-1:123456789012:parameter/mail/host';
  for (const Name of ['/mail/host', arn]) {
    expect(await call('GetParameter', { Name })).toMatchObject({
      Parameter: { Name: '/mail/host', ARN: arn, Value: 'two', Version: 2, Type: 'String' },
    });
  }
  expect(await call('GetParameter', { Name: '/mail/host:1' })).toMatchObject({
    Parameter: { Value: 'one', Version: 1 },
  });
  expect(await call('GetParameter', { Name: '/mail/host:3' })).toMatchObject({ __type: 'ParameterVersionNotFound' });
  expect(served.authorizations[0]).toMatchObject({ action: 'ssm:GetParameter', resource: arn });
  await type().delete(requestFor({}), created);
  expect(await call('GetParameter', { Name: '/mail/host' })).toMatchObject({ __type: 'ParameterNotFound' });
});

test.each([
  [{ Value: 'x', Type: 'SecureString' }, 'Type'],
  [{ Value: '' }, 'Value'],
  [{ Value: 'x', Name: 'a b' }, 'parameter name'],
  [{ Value: 'x', AllowedPattern: '^[0-9]+$' }, 'cannot be validated'],
  [{ Value: 'x', Name: '/taken' }, 'already exists'],
])('a parameter of a template with %j is refused', async (properties, reason) => {
  await create({ Name: '/taken', Value: 'x' });
  await expect(create(properties)).rejects.toThrow(reason);
});

test('callers put, find by path, and delete', async () => {
  const put = (Name: string, more: object = {}) => call('PutParameter', { Name, Value: 'v', Type: 'String', ...more });
  for (const name of ['/a/b', '/a/c', '/a/c/d', '/ab']) expect(await put(name)).toMatchObject({ Version: 1 });
  expect(await put('/a/b')).toMatchObject({ __type: 'ParameterAlreadyExists' });
  expect(await put('/a/b', { Overwrite: true, Value: 'w' })).toMatchObject({ Version: 2 });
  const names = async (input: object) =>
    ((await call('GetParametersByPath', input)).Parameters as { Name: string }[]).map(({ Name }) => Name);
  expect(await names({ Path: '/a' })).toEqual(['/a/b', '/a/c']);
  expect(await names({ Path: '/a/', Recursive: true })).toEqual(['/a/b', '/a/c', '/a/c/d']);
  expect(await call('GetParameters', { Names: ['/ab', '/none'] })).toMatchObject({
    Parameters: [{ Name: '/ab', Value: 'v' }],
    InvalidParameters: ['/none'],
  });
  expect(await call('DeleteParameters', { Names: ['/ab', '/none'] })).toEqual({
    DeletedParameters: ['/ab'],
    InvalidParameters: ['/none'],
  });
  expect(await call('DeleteParameter', { Name: '/ab' })).toMatchObject({ __type: 'ParameterNotFound' });
});

test('a call without permission is denied before it tells anything', async () => {
  served.denied.add('ssm:GetParameter');
  for (const Name of ['/none', '/mail']) {
    expect(await call('GetParameter', { Name })).toMatchObject({ __type: 'AccessDeniedException' });
  }
});

test('a secure parameter is none for a plain reference, and the reverse', () => {
  service.provide('/secure', 'one', { isSecure: true });
  service.provide('/plain', 'two', { isSecure: false });
  expect(service.textOf({ name: '/secure', isSecure: true })).toBe('one');
  expect(service.textOf({ name: '/plain', isSecure: false })).toBe('two');
  expect(service.textOf({ name: '/plain' })).toBe('two');
  expect(() => service.textOf({ name: '/secure', isSecure: false })).toThrow('is a SecureString');
  expect(() => service.textOf({ name: '/plain', isSecure: true })).toThrow('is a String');
  service.provide('/plain', 'three', { isSecure: false });
  expect(service.textOf({ name: '/plain', version: 1 })).toBe('two');
  expect(service.textOf({ name: '/plain' })).toBe('three');
});

test('callers read the versions of a parameter, the oldest first, until it is deleted', async () => {
  for (const Value of ['one', 'two', 'three']) {
    await call('PutParameter', { Name: '/mail/host', Value, Type: 'String', Overwrite: true });
  }
  const { Parameters, NextToken } = await call('GetParameterHistory', { Name: '/mail/host', MaxResults: 2 });
  expect(Parameters).toMatchObject([
    { Value: 'one', Version: 1 },
    { Value: 'two', Version: 2 },
  ]);
  const rest = await call('GetParameterHistory', { Name: '/mail/host', MaxResults: 2, NextToken });
  expect(rest).toMatchObject({ Parameters: [{ Value: 'three', Version: 3 }] });
  await call('DeleteParameter', { Name: '/mail/host' });
  expect(await call('GetParameterHistory', { Name: '/mail/host' })).toMatchObject({ __type: 'ParameterNotFound' });
});
