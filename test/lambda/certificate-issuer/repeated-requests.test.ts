import { functionConnection } from '../../../aws/connection';
import { ExternalClientResource } from '../../../lambda/certificate-issuer/external/external-client-resource';
import { ClientCertificateResource } from '../../../lambda/certificate-issuer/issue/client-certificate-resource';
import { ServiceResource } from '../../../lambda/certificate-issuer/service/service-resource';
import { type CustomResourceHandler, handleCustomResource } from '../../../lambda/custom-resource/custom-resource';
import { resourceOf } from '../../../lambda/custom-resource/request';
import { StackList } from '../../../lambda/custom-resource/stack-list';
import { RegistryLookup } from '../../../registry/lookup';
import { Registry } from '../../../registry/registry';
import { ResourceRequests } from '../../../registry/requests';
import { ServiceRegistry } from '../../../registry/services';
import { RegistrySurvey } from '../../../registry/survey';
import { MemoryObjects } from '../../aws/memory-objects';
import { createRoot } from '../../pki/authorities';
import { DynaliteTable } from '../../registry/dynalite-table';
import { createEvent, createRequest } from '../custom-resource/requests';
import { ResponseBucket } from '../custom-resource/response-bucket';

const TableName = 'mtls-mesh.mesh.example.com';
const TRUST_DOMAIN = 'mesh.example.com';
const now = () => new Date('2026-11-22T12:00:00Z');
const signal = new AbortController().signal;
const ROLE = 'arn:aws:iam::111122223333:role/';

/** Requests of CloudFormation that Lambda delivers again after later ones, by the function's own way to the registry. */
describe('a request that is delivered again after a later one', () => {
  let table: DynaliteTable;
  let bucket: ResponseBucket;
  let registry: Registry;
  let pem: string;

  beforeAll(async () => {
    ({ pem } = await createRoot('Partner Root'));
  });
  beforeEach(async () => {
    [table, bucket] = await Promise.all([DynaliteTable.open(TableName), ResponseBucket.open()]);
    registry = new Registry(TableName, functionConnection(process.env));
  });
  afterEach(() => Promise.all([table.close(), bucket.close()]));

  /** A client that keeps its own key: its resource issues nothing. */
  const ownKey = () =>
    new ClientCertificateResource({
      trustDomain: TRUST_DOMAIN,
      registry,
      survey: new RegistrySurvey(TableName, functionConnection(process.env)),
      log: () => undefined,
    } as unknown as ConstructorParameters<typeof ClientCertificateResource>[0]);
  const external = () =>
    new ExternalClientResource({
      trustDomain: TRUST_DOMAIN,
      registry,
      objects: new MemoryObjects(),
      log: () => undefined,
    });
  const service = () =>
    new ServiceResource({
      trustDomain: TRUST_DOMAIN,
      services: new ServiceRegistry(TableName, functionConnection(process.env)),
      log: () => undefined,
    });
  const propertiesOfService = (...clientNames: readonly string[]) => ({
    TrustDomain: 'mesh.example.com',
    ServiceName: 'schedule',
    ApiId: 'a1b2c3',
    Grants: clientNames.map((name) => `${name} GET /schedule`),
  });
  const clientsWithGrants = async () => {
    const lookup = new RegistryLookup(TableName, functionConnection(process.env));
    const clients = ['mail', 'social'].map(async (name) => ({ name, ...(await lookup.findIssued(name, 'AA')) }));
    return (await Promise.all(clients)).filter(({ grants }) => grants.length > 0).map(({ name }) => name);
  };
  const propertiesOfOwnKey = (...requesters: readonly string[]) => ({
    ClientName: 'mail',
    SpiffeId: 'spiffe://mesh.example.com/mail',
    DnsNames: [],
    KeyAlgorithm: 'EC_prime256v1',
    ValidityHours: '168',
    CertificateAuthorityArn:
      'arn:aws:acm-pca:eu-central-1:111122223333:certificate-authority/11111111-2222-3333-4444-555555555555',
    SigningAlgorithm: 'SHA256WITHECDSA',
    Requesters: requesters.map((name) => ROLE + name),
  });
  const propertiesOfExternal = () => ({
    SpiffeId: 'spiffe://mesh.example.com/mail',
    TrustAnchorName: 'partner',
    TrustAnchor: { Pem: pem },
    IdentityKind: 'SUBJECT',
    IdentityValue: 'CN=mail',
  });

  const send = async (resource: CustomResourceHandler, type: string, id: string, properties: object) => {
    const requests = new ResourceRequests(TableName, functionConnection(process.env));
    const event = createEvent({
      RequestType: type,
      RequestId: id,
      ResponseURL: bucket.url,
      ResourceProperties: properties,
      ...(type !== 'Create' && { PhysicalResourceId: resource.identify({ ...properties }) }),
    });
    await handleCustomResource(resource, event, {
      invocation: {
        getRemainingTimeInMillis: () => 60_000,
        invokedFunctionArn: 'arn:aws:lambda:eu-central-1:111122223333:function:issuer',
        logGroupName: 'g',
        logStreamName: 's',
      },
      stacks: new StackList(createRequest().stackId, []),
      log: () => undefined,
      begin: (request, aborted) => requests.begin(resourceOf(request), request.requestId, now(), aborted),
    });
    return bucket.answer['Status'];
  };

  test.each([
    ['a client that keeps its own key', ownKey, () => propertiesOfOwnKey('app')],
    ['an external client', external, propertiesOfExternal],
  ])('brings back nothing of %s that was removed', async (_, create, properties) => {
    const resource = create();
    expect(await send(resource, 'Create', 'r1', properties())).toBe('SUCCESS');
    expect(await send(resource, 'Delete', 'r2', properties())).toBe('SUCCESS');
    expect(await send(resource, 'Create', 'r1', properties())).toBe('FAILED');
    await expect(registry.getClient('mail', signal)).resolves.toBeUndefined();
    await expect(registry.getExternalClient('mail', signal)).resolves.toBeUndefined();
  });

  test.each([
    ['a client that keeps its own key', ownKey, () => propertiesOfOwnKey('app')],
    ['an external client', external, propertiesOfExternal],
  ])('removes nothing of %s that was added again', async (_, create, properties) => {
    const resource = create();
    for (const [type, id] of [
      ['Create', 'r1'],
      ['Delete', 'r2'],
      ['Create', 'r3'],
    ] as const) {
      expect(await send(resource, type, id, properties())).toBe('SUCCESS');
    }
    expect(await send(resource, 'Delete', 'r2', properties())).toBe('FAILED');
    const known = [await registry.getClient('mail', signal), await registry.getExternalClient('mail', signal)];
    expect(known.filter((client) => client !== undefined)).toHaveLength(1);
  });

  test('gives nobody back the right to request certificates', async () => {
    const resource = ownKey();
    await send(resource, 'Create', 'r1', propertiesOfOwnKey('app', 'former'));
    await send(resource, 'Update', 'r2', propertiesOfOwnKey('app'));
    expect(await send(resource, 'Create', 'r1', propertiesOfOwnKey('app', 'former'))).toBe('FAILED');
    const client = await registry.getClient('mail', signal);
    expect(client?.requesters).toEqual([`${ROLE}app`]);
  });

  test('gives no client a grant back, and takes none away', async () => {
    const resource = service();
    await send(resource, 'Create', 'r1', propertiesOfService('mail', 'social'));
    await send(resource, 'Update', 'r2', propertiesOfService('mail'));
    expect(await send(resource, 'Create', 'r1', propertiesOfService('mail', 'social'))).toBe('FAILED');
    await expect(clientsWithGrants()).resolves.toEqual(['mail']);

    await send(resource, 'Delete', 'r3', propertiesOfService('mail'));
    expect(await send(resource, 'Update', 'r2', propertiesOfService('mail'))).toBe('FAILED');
    await expect(clientsWithGrants()).resolves.toEqual([]);

    await send(resource, 'Create', 'r4', propertiesOfService('social'));
    expect(await send(resource, 'Delete', 'r3', propertiesOfService('mail'))).toBe('FAILED');
    await expect(clientsWithGrants()).resolves.toEqual(['social']);
  });

  test('completes the grants of a service, if there is no later one', async () => {
    const resource = service();
    await send(resource, 'Create', 'r1', propertiesOfService('mail'));
    expect(await send(resource, 'Update', 'r2', propertiesOfService('social'))).toBe('SUCCESS');
    expect(await send(resource, 'Update', 'r2', propertiesOfService('social'))).toBe('SUCCESS');
    await expect(clientsWithGrants()).resolves.toEqual(['social']);
  });

  test('may complete what it has begun, if there is no later one', async () => {
    const resource = ownKey();
    await send(resource, 'Create', 'r1', propertiesOfOwnKey('app'));
    expect(await send(resource, 'Create', 'r1', propertiesOfOwnKey('app'))).toBe('SUCCESS');
    // CloudFormation takes back an update that failed elsewhere, as a request of its own.
    expect(await send(resource, 'Update', 'r2', propertiesOfOwnKey('app', 'new'))).toBe('SUCCESS');
    expect(await send(resource, 'Update', 'r3', propertiesOfOwnKey('app'))).toBe('SUCCESS');
    expect((await registry.getClient('mail', signal))?.requesters).toEqual([`${ROLE}app`]);
  });
});
