// What JavaScript lets a caller write. A mistyped option must not mean its default, which often allows more.
import { Duration, type Stack } from 'aws-cdk-lib';
import * as acmpca from 'aws-cdk-lib/aws-acmpca';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import {
  CertificateAuthority,
  CertificateIssuer,
  ExternalClient,
  ExternalIdentity,
  ImportedMesh,
  MeshAlarms,
  MeshClient,
  MeshDashboard,
  MeshIntegration,
  MeshRegistry,
  MeshService,
  MtlsGateway,
  MtlsServiceMesh,
  type MtlsServiceMeshProps,
  ProtectedApi,
  RevocationLists,
  TrustAnchor,
  TrustAnchorSource,
  Truststore,
} from '../../lib';
import * as kinds from '../../lib/private/properties/interface-kinds';
import { newFunction, newMesh, newStack, onlyResource } from './mesh-stack';

/** A function that must not be given. It isn't of the kind of any property. */
const WRONG = () => undefined;

/** Calls as JavaScript does, without the compiler. */
function untyped(value: unknown): never {
  return value as never;
}

function messageOf(call: () => unknown): string {
  try {
    return `no error: ${call()}`;
  } catch (error) {
    return (error as Error).message;
  }
}

type NewConstruct = (stack: Stack, props: never) => unknown;
type ConstructClass = new (scope: Stack, id: string, props: never) => unknown;

const of =
  (constructClass: ConstructClass): NewConstruct =>
  (stack, props) =>
    new constructClass(stack, 'It', props);

describe.each<[string, object, NewConstruct]>([
  ['MtlsServiceMesh', kinds.MESH_PROPS, of(MtlsServiceMesh)],
  ['MeshClient', kinds.CLIENT_PROPS, of(MeshClient)],
  ['ExternalClient', kinds.EXTERNAL_CLIENT_PROPS, of(ExternalClient)],
  ['TrustAnchor', kinds.TRUST_ANCHOR_PROPS, of(TrustAnchor)],
  ['MeshService', kinds.SERVICE_PROPS, of(MeshService)],
  ['ProtectedApi', kinds.PROTECTED_API_PROPS, of(ProtectedApi)],
  ['MtlsGateway', kinds.GATEWAY_PROPS, of(MtlsGateway)],
  ['MeshRegistry', kinds.REGISTRY_PROPS, of(MeshRegistry)],
  ['CertificateIssuer', kinds.ISSUER_PROPS, of(CertificateIssuer)],
  ['Truststore', kinds.TRUSTSTORE_PROPS, of(Truststore)],
  ['RevocationLists', kinds.REVOCATION_LISTS_PROPS, of(RevocationLists)],
  ['MeshAlarms', kinds.ALARMS_PROPS, of(MeshAlarms)],
  ['MeshDashboard', kinds.DASHBOARD_PROPS, of(MeshDashboard)],
  ['ImportedMesh', kinds.MESH_ATTRIBUTES, of(ImportedMesh)],
  [
    'CertificateAuthority.fromCertificateAuthorityAttributes',
    kinds.AUTHORITY_ATTRIBUTES,
    (stack, props) => CertificateAuthority.fromCertificateAuthorityAttributes(stack, 'It', props),
  ],
  [
    'CertificateAuthority.shortLivedRoot',
    kinds.AUTHORITY_PROPS,
    (stack, props) => CertificateAuthority.shortLivedRoot(stack, 'It', props),
  ],
  [
    'CertificateAuthority.kmsRoot',
    kinds.AUTHORITY_PROPS,
    (stack, props) => CertificateAuthority.kmsRoot(stack, 'It', props),
  ],
])('%s', (_name, table, create) => {
  /** Every property has a wrong value, up to those that were looked at before. */
  test.each(Object.keys(table))('refuses a wrong value of %s, by name', (property) => {
    const right = new Proxy({}, { has: () => true, get: () => undefined });
    const before = Object.keys(table).slice(0, Object.keys(table).indexOf(property));
    const required = before.filter((name) => !(table as Record<string, { isOptional: boolean }>)[name]?.isOptional);
    const props = Object.fromEntries([...required.map((name) => [name, rightOf(name, right)]), [property, WRONG]]);
    expect(() => create(newStack(), untyped(props))).toThrow(
      new RegExp(`^Test/It: ${property} must be .*got a function$`),
    );
  });

  test('refuses a misspelled property, by name', () => {
    const name = Object.keys(table)[0] ?? '';
    const misspelled = `${name.slice(0, -2)}${name.slice(-1)}`;
    expect(() => create(newStack(), untyped({ [misspelled]: 1 }))).toThrow(
      `Test/It: ${misspelled} isn't a property here: did you mean ${name}?`,
    );
  });
});

/** For kinds alone: a text, a list, or something with any members. */
function rightOf(name: string, anything: object): unknown {
  if (/Name|Domain|Arn|Id$|Url|Chain/.test(name) && name !== 'certificateAuthority') return 'x';
  return name === 'certificateAuthorities' ? [] : anything;
}

describe('a grant refuses what it would ignore', () => {
  test.each<[unknown, string]>([
    ['GET', 'options must be an object with properties such as methods and path, got "GET"'],
    [['GET'], 'options must be an object with properties such as methods and path, got ["GET"]'],
    [null, 'options must be an object with properties such as methods and path, got null'],
    [{ method: ['GET'], paths: '/events' }, "options.method isn't a property here: use one of methods, path"],
    [{ verbs: ['GET'] }, "options.verbs isn't a property here"],
    [{ methods: 'GET' }, 'options.methods must be a list of HttpMethod, got "GET"'],
    [{ methods: null }, 'options.methods must be a list of HttpMethod, got null'],
    [{ methods: ['GET', 'get', 'PURGE'] }, 'options.methods[1] must be a value of HttpMethod (ANY, DELETE, GET,'],
    [{ methods: ['GET', 'PURGE'] }, 'got "PURGE"'],
    [{ path: ['/a', '/b'] }, 'options.path must be a string, got ["/a", "/b"]'],
    [{ path: null }, 'options.path must be a string, got null'],
  ])('%j', (options, problem) => {
    const stack = newStack();
    const mesh = newMesh(stack);
    const service = mesh.addService('schedule', { integration: MeshIntegration.lambdaFunction(newFunction(stack)) });
    const mail = mesh.addClient('mail');
    expect(() => service.allow(mail, untyped(options))).toThrow(
      `Test/Mesh/Service-schedule: ${problem}`.replace(/.*: got/, 'got'),
    );
    expect(() => service.allowAllClients(untyped(options))).toThrow(problem);
    expect(onlyResource(stack, 'Custom::MtlsService').Properties['Grants']).toEqual([]);
  });

  test.each<unknown>(['mail', undefined, {}])('the client %j', (client) => {
    const stack = newStack();
    const integration = MeshIntegration.lambdaFunction(newFunction(stack));
    expect(() => newMesh(stack).addService('schedule', { integration }).allow(untyped(client))).toThrow(
      'Test/Mesh/Service-schedule: client must be an IMeshClient, such as the result of addClient or MeshClient.fromClientName',
    );
  });
});

describe('common mistakes are refused with the path of the construct, the property, and what it must be', () => {
  const ARN = 'arn:aws:acm-pca:us-east-1:111122223333:certificate-authority/12345678-1234-1234-1234-123456789012';

  test.each<[string, (stack: Stack) => object, string]>([
    [
      'an ARN as the authority',
      () => ({ certificateAuthority: ARN }),
      'certificateAuthority must be an ICertificateAuthority',
    ],
    [
      'an authority of aws-acmpca',
      (stack) => ({ certificateAuthority: acmpca.CertificateAuthority.fromCertificateAuthorityArn(stack, 'Pca', ARN) }),
      'fromCertificateAuthorityAttributes, got Test/Pca',
    ],
    [
      'a class',
      () => ({ certificateAuthority: CertificateAuthority }),
      'fromCertificateAuthorityAttributes, got the class CertificateAuthority',
    ],
    [
      'one successor',
      (stack) => ({ certificateAuthoritySuccessors: CertificateAuthority.kmsRoot(stack, 'Next') }),
      'certificateAuthoritySuccessors must be a list of ICertificateAuthority, got Test/Next',
    ],
    [
      'a number as a duration',
      () => ({ certificateValidity: 7 }),
      'certificateValidity must be a Duration, such as Duration.days(1), got 7',
    ],
    ['a number as the delay of revocations', () => ({ revocationDelay: 0 }), 'revocationDelay must be a Duration'],
    [
      'a name as the zone',
      () => ({ hostedZone: 'example.com' }),
      'hostedZone must be an IHostedZone, such as HostedZone.fromLookup',
    ],
    [
      'an ARN as the topic',
      () => ({ alarmTopic: 'arn:aws:sns:us-east-1:111122223333:alarms' }),
      'alarmTopic must be an ITopic, such as Topic.fromTopicArn, got "arn:aws:sns',
    ],
    [
      'an unknown algorithm',
      () => ({ keyAlgorithm: 'ed25519' }),
      'keyAlgorithm must be a value of KeyAlgorithm (EC_prime256v1,',
    ],
    [
      'an unknown removal policy',
      () => ({ removalPolicy: 'delete' }),
      'removalPolicy must be a value of RemovalPolicy (',
    ],
    [
      'a retention that CloudWatch Logs lacks',
      () => ({ logRetention: 45 }),
      'logRetention must be a value of RetentionDays (1, 3,',
    ],
    ['a list of tags', () => ({ tags: [{ Key: 'a', Value: 'b' }] }), 'tags must be an object, got [an object]'],
    ['a number as a tag', () => ({ tags: { a: 1 } }), 'tags.a must be a string, got 1'],
    [
      'a misspelled limit',
      () => ({ throttle: { ratelimit: 1 } }),
      "throttle.ratelimit isn't a property here: use one of rateLimit, burstLimit",
    ],
    ['a number as the domain', () => ({ domainName: 42 }), 'domainName must be a string, got 42'],
    ['no domain', () => ({ domainName: undefined }), 'domainName must be a string, got none'],
    [
      'a misspelled validity',
      () => ({ certificateValidty: Duration.days(1) }),
      "certificateValidty isn't a property here: did you mean certificateValidity?",
    ],
  ])('%s', (_what, props, problem) => {
    const stack = newStack();
    const given = props(stack) as Partial<MtlsServiceMeshProps>;
    const message = messageOf(() => newMesh(stack, given));
    expect(message).toContain(problem);
    expect(message).toMatch(new RegExp(`^Test/Mesh: ${Object.keys(given)[0]}\\b`));
  });

  test('no properties', () => {
    expect(() => new MtlsServiceMesh(newStack(), 'Mesh', untyped(undefined))).toThrow(
      'Test/Mesh: domainName must be a string, got none',
    );
  });

  test.each<[string, (mesh: MtlsServiceMesh, stack: Stack) => unknown, string]>([
    ['no name', (mesh) => mesh.addClient(untyped(undefined)), 'Test/Mesh: client name must be a string, got none'],
    [
      'an ARN as the grantee',
      (mesh) => mesh.addClient('mail').grantRead(untyped('arn:aws:iam::111122223333:role/mail')),
      'Test/Mesh/Client-mail: grantee must be an IGrantable, such as a role or a function, got "arn:aws:iam',
    ],
    [
      'an ARN as the requester',
      (mesh) => mesh.addClient('mail').grantRequest(untyped('arn:aws:iam::111122223333:role/mail')),
      'Test/Mesh/Client-mail: grantee must be an IGrantable, such as a role or a function, got "arn:aws:iam',
    ],
    [
      'a text as options',
      (mesh) => mesh.addClient('mail', untyped('ownKey')),
      'Test/Mesh/Client-mail: 0 is a character of a string: give an object with properties',
    ],
    [
      'no integration',
      (mesh) => mesh.addService('schedule', untyped(undefined)),
      'Test/Mesh/Service-schedule: integration must be a MeshIntegration, such as MeshIntegration.lambdaFunction, got none',
    ],
    [
      'a function as the integration',
      (mesh, stack) => mesh.addService('schedule', untyped({ integration: newFunction(stack) })),
      'got Test/Schedule',
    ],
    [
      'an integration of the CDK',
      (mesh, stack) =>
        mesh.addService('schedule', untyped({ integration: new HttpLambdaIntegration('I', newFunction(stack)) })),
      'integration must be a MeshIntegration',
    ],
    [
      'a name as the function',
      (mesh) => mesh.addService('schedule', { integration: MeshIntegration.lambdaFunction(untyped('Schedule')) }),
      'Test/Mesh/Service-schedule: handler must be an IFunction',
    ],
    [
      'a misspelled server name',
      (mesh) =>
        mesh.addService('schedule', {
          integration: MeshIntegration.networkLoadBalancer(untyped({}), untyped({ serverName: 'a' })),
        }),
      "options.serverName isn't a property here",
    ],
    [
      'a text as the source',
      (mesh) => mesh.addTrustAnchor('partner', untyped('partner.pem')),
      'Test/Mesh/TrustAnchor-partner: source must be a TrustAnchorSource',
    ],
    [
      'no version of the source',
      (mesh) =>
        mesh.addTrustAnchor(
          'partner',
          TrustAnchorSource.fromBucketObject(mesh.truststore.bucket, 'a', untyped(undefined)),
        ),
      'source.bucketObject.objectVersion must be a string, got none',
    ],
    [
      'a text as the identity',
      (mesh) => mesh.addExternalClient('billing', { trustAnchor: anchorOf(mesh), identity: untyped('CN=billing') }),
      'identity must be an ExternalIdentity',
    ],
    [
      'an unknown kind of identity',
      (mesh) =>
        mesh.addExternalClient('billing', {
          trustAnchor: anchorOf(mesh),
          identity: untyped({ kind: 'ANY', value: 'CN=billing' }),
        }),
      'identity.kind must be a value of ExternalIdentityKind',
    ],
    [
      'an identity without a value',
      (mesh) =>
        mesh.addExternalClient('billing', {
          trustAnchor: anchorOf(mesh),
          identity: ExternalIdentity.subject(untyped(undefined)),
        }),
      'identity must be a string, got none',
    ],
    [
      'a list of stack names',
      (mesh) => mesh.allowStack(untyped(['team-*'])),
      'stackName must be a string, got ["team-*"]',
    ],
    [
      'a text as the API',
      (mesh) => mesh.protect('reports', untyped('abc')),
      'Test/Mesh: api must be an HttpApi or a RestApi that the app defines, got "abc"',
    ],
    [
      'no API',
      (mesh) => mesh.protect('reports', untyped(undefined)),
      'Test/Mesh: api must be an HttpApi or a RestApi that the app defines, got none',
    ],
  ])('%s', (_what, call, problem) => {
    const stack = newStack();
    const mesh = newMesh(stack);
    expect(() => call(mesh, stack)).toThrow(problem);
  });

  function anchorOf(mesh: MtlsServiceMesh): TrustAnchor {
    return mesh.addTrustAnchor('partner', TrustAnchorSource.fromBucketObject(mesh.truststore.bucket, 'a', 'v1'));
  }
});

test('a class may extend the properties of a mesh', () => {
  const stack = newStack();
  const props = { serviceCatalogId: 'team-mail', team: 'mail' };
  expect(() => newMesh(stack, props as Partial<MtlsServiceMeshProps>)).not.toThrow();
});

test('a class that extends the properties may have one whose name resembles one that is given', () => {
  const given = { alarmTopic: undefined, domainName: 'mesh.example.com', domainNames: ['a.example.com'] };
  expect(() => newMesh(newStack(), given)).not.toThrow();
});
