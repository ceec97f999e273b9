import type { LogEntry } from '../../../../aws/cloudwatch';
import { ServiceResource } from '../../../../lambda/certificate-issuer/service/service-resource';
import { MemoryServices } from '../../../registry/memory-services';
import { createRequest } from '../../custom-resource/requests';

const signal = new AbortController().signal;
const NOW = '2026-11-22T12:00:00.000Z';
const PROPERTIES = {
  ServiceToken: 'arn:aws:lambda:eu-central-1:111122223333:function:issuer',
  TrustDomain: 'mesh.example.com',
  ServiceName: 'schedule',
  ApiId: 'a1b2c3',
  Grants: ['mail GET,POST /schedule/events', '* GET /schedule'],
};

describe('a service', () => {
  let services: MemoryServices;
  let logs: LogEntry[];
  let resource: ServiceResource;

  beforeEach(() => {
    services = new MemoryServices();
    logs = [];
    resource = new ServiceResource({
      trustDomain: 'mesh.example.com',
      services,
      log: (entry) => void logs.push(entry),
    });
  });

  const request = (changed: object = {}, logicalResourceId = 'Schedule') =>
    createRequest({ logicalResourceId, recordedAt: new Date(NOW), properties: { ...PROPERTIES, ...changed } });

  test('is registered with its grants under the resource that declares it', async () => {
    await resource.apply(request(), signal);

    const { stackId } = request();
    expect([...services.services.values()]).toEqual([
      {
        serviceName: 'schedule',
        apiId: 'a1b2c3',
        grants: PROPERTIES.Grants,
        declaredBy: `${stackId} Schedule`,
        updatedAt: NOW,
      },
    ]);
    expect(logs).toEqual([{ event: 'service-registered', service: 'schedule', grants: PROPERTIES.Grants }]);
    expect(resource.identify(PROPERTIES)).toBe('service:mesh.example.com/schedule');
  });

  test('of an HTTP API with a mapping key is registered with it', async () => {
    await resource.apply(request({ MappingKey: 'schedule' }), signal);
    expect(services.services.get('schedule')?.apiId).toBe('a1b2c3/schedule');
    await expect(resource.apply(request({ MappingKey: 'users' }), signal)).rejects.toThrow(
      'MappingKey must be the name of the service, got "users"',
    );
  });

  test('may have no grants', async () => {
    await resource.apply(request({ Grants: [] }), signal);
    expect(services.services.get('schedule')?.grants).toEqual([]);
  });

  test('is removed by its own resource alone', async () => {
    await resource.apply(request(), signal);
    await resource.remove(request({}, 'Thief'), signal);
    expect(services.services.size).toBe(1);

    await resource.remove(request(), signal);
    expect(services.services.size).toBe(0);
  });

  test('of another trust domain is another resource, and is removed from its own registry alone', async () => {
    const former = { TrustDomain: 'former.example.com' };
    expect(resource.identify({ ...PROPERTIES, ...former })).toBe('service:former.example.com/schedule');
    await resource.apply(request(), signal);
    await resource.remove(request(former), signal);
    expect(services.services.size).toBe(1);
  });

  test('can not be declared twice', async () => {
    await resource.apply(request(), signal);
    await expect(resource.apply(request({}, 'Thief'), signal)).rejects.toThrow(
      'service schedule is already declared by',
    );
  });

  test('keeps the service when an update renames it in the template', async () => {
    await resource.apply(request(), signal);
    await resource.apply({ ...request({}, 'Renamed'), requestType: 'Update' }, signal);
    expect(services.services.get('schedule')?.declaredBy).toMatch(/ Renamed$/);
  });

  test.each<[string, object, string]>([
    ['no trust domain', { TrustDomain: undefined }, 'TrustDomain must be a string'],
    [
      'the trust domain of another mesh',
      { TrustDomain: 'other.example.com' },
      `TrustDomain must be the issuer's trust domain mesh.example.com, got "other.example.com"`,
    ],
    ['no name', { ServiceName: undefined }, 'ServiceName must be a string'],
    ['a name that API Gateway reserves', { ServiceName: 'ping' }, 'ServiceName must not be a path that API Gateway'],
    ['a name that is none', { ServiceName: 'Schedule/..' }, 'ServiceName must be a DNS label'],
    ['the API of an ARN', { ApiId: 'arn:aws:x' }, 'ApiId must be the ID of an API'],
    ['no grants', { Grants: undefined }, 'Grants must be a list of strings'],
    ['one text in place of a list', { Grants: 'mail GET /a' }, 'Grants must be a list of strings'],
    ['a grant that is no text', { Grants: [{ mail: '*' }] }, 'Grants[0] must be a string'],
    ['a grant without a path', { Grants: ['mail GET'] }, 'Grants[0] must be a client, methods, and a path'],
    ['a grant of TRACE', { Grants: ['mail TRACE /schedule'] }, 'Grants[0] must be a client, methods, and a path'],
    [
      'a grant for a client that can not be',
      { Grants: ['mail GET /schedule', '../x GET /schedule'] },
      'Grants[1] must be',
    ],
    [
      'a path of another service',
      { Grants: ['mail GET /users/1'] },
      'Grants[0] must be for /schedule or a path below it',
    ],
    ['all paths of the API', { Grants: ['mail ANY /*'] }, 'Grants[0] must be for /schedule'],
    ['a service whose name begins alike', { Grants: ['mail GET /scheduler'] }, 'Grants[0] must be for /schedule'],
    ['a path with a dot segment', { Grants: ['mail GET /a/../b'] }, 'Grants[0] must be'],
    ['a wildcard in a path', { Grants: ['mail GET /a/*/b'] }, 'Grants[0] must be'],
  ])('with %s is refused', async (_what, changed, problem) => {
    await expect(resource.apply(request(changed), signal)).rejects.toThrow(problem);
    expect(services.services.size).toBe(0);
  });
});
