import { awsMesh } from '../../bin/shared/aws-mesh';
import { listClients, listServices } from '../../bin/shared/inventory';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import { Sandbox } from '../../sandbox';
import { attackedMesh, HOST } from './attacked-mesh';
import { attacks, type Shape } from './attacks';
import { accessOf, authorizerEvent, invoke } from './calls';
import { ForgedEvents, stackIdOf } from './forged-events';

let sandbox: Sandbox;
let events: ForgedEvents;

beforeAll(async () => {
  sandbox = await Sandbox.deploy(attackedMesh());
  events = await ForgedEvents.open();
});
afterAll(async () => {
  events?.close();
  await sandbox?.close();
});
beforeEach(() => {
  events.answers.length = 0;
});

const SECRETS = 'arn:aws:secretsmanager:us-east-1:123456789012:secret';

const resourceEvent = (type: string, properties: object, changed?: object) =>
  events.forResource(type, properties, changed);

const CERTIFICATE = 'Custom::MtlsClientCertificate';
const ghost = (clientName = 'ghost', secret = `${SECRETS}:attacker-AbCdEf`) => ({
  SecretId: secret,
  ClientName: clientName,
  SpiffeId: `spiffe://${HOST}/${clientName}`,
  DnsNames: [],
  KeyAlgorithm: 'EC_prime256v1',
  ValidityHours: '24',
  CertificateAuthorityArn: String(
    Object.values(sandbox.resources).find(({ type }) => type === 'AWS::ACMPCA::CertificateAuthority')?.physicalId,
  ),
  SigningAlgorithm: 'SHA256WITHECDSA',
});
const SERVICE = 'Custom::MtlsService';
const ghostService = (name = 'ghost') => ({
  TrustDomain: HOST,
  ServiceName: name,
  ApiId: String(Object.values(sandbox.resources).find(({ type }) => type === 'AWS::ApiGatewayV2::Api')?.physicalId),
  Grants: [`own ANY /${name}/*`],
});
const ownStack = () => stackIdOf(sandbox);

async function clientNames(): Promise<readonly string[]> {
  const clients = await listClients(awsMesh(HOST, sandboxAccess(sandbox)));
  return clients.map(({ client }) => client.clientName);
}

attacks<() => [path: string, event: object]>(
  'forged events of CloudFormation',
  [
    ['of another stack', () => ['/Issuer/Deployment', resourceEvent(CERTIFICATE, ghost())]],
    [
      'of another stack that updates',
      () => [
        '/Issuer/Deployment',
        resourceEvent(CERTIFICATE, ghost('mail'), {
          RequestType: 'Update',
          PhysicalResourceId: `spiffe://${HOST}/mail`,
        }),
      ],
    ],
    [
      'of another stack, for an external client',
      () => ['/Issuer/Deployment', resourceEvent('Custom::MtlsExternalClient', { SpiffeId: `spiffe://${HOST}/ghost` })],
    ],
    [
      'of the own stack, for the secret of another client',
      () => [
        '/Issuer/Deployment',
        resourceEvent(CERTIFICATE, ghost('ghost', `${SECRETS}:${HOST}/mail-AbCdEf`), { StackId: ownStack() }),
      ],
    ],
    [
      'of the own stack, for the name of another client',
      () => [
        '/Issuer/Deployment',
        resourceEvent(CERTIFICATE, { ...ghost('mail'), SecretId: undefined }, { StackId: ownStack() }),
      ],
    ],
    [
      'of the own stack, for another trust domain',
      () => [
        '/Issuer/Deployment',
        resourceEvent(
          CERTIFICATE,
          { ...ghost(), SpiffeId: 'spiffe://other.example.com/ghost' },
          { StackId: ownStack() },
        ),
      ],
    ],
    ['for a service, of another stack', () => ['/Issuer/Deployment', resourceEvent(SERVICE, ghostService())]],
    [
      'for a service, of the own stack, for the name of another service',
      () => ['/Issuer/Deployment', resourceEvent(SERVICE, ghostService('schedule'), { StackId: ownStack() })],
    ],
    [
      'for a service, of the own stack, with a grant of another service',
      () => [
        '/Issuer/Deployment',
        resourceEvent(SERVICE, { ...ghostService(), Grants: ['own ANY /users/*'] }, { StackId: ownStack() }),
      ],
    ],
    [
      'for a service, of the own stack, with a grant of everything',
      () => [
        '/Issuer/Deployment',
        resourceEvent(SERVICE, { ...ghostService(), Grants: ['* ANY /*'] }, { StackId: ownStack() }),
      ],
    ],
    [
      'for the truststore, of another stack',
      () => ['/Truststore/Publisher', resourceEvent('Custom::MtlsTruststore', { BucketName: 'attacker' })],
    ],
    [
      'for the domain, of another stack',
      () => ['/Truststore/Publisher', resourceEvent('Custom::MtlsDomainTruststore', { DomainName: HOST })],
    ],
  ],
  async (attack) => {
    await invoke(sandbox, ...attack()).catch(() => undefined);
    expect(events.answers.map(({ Status }) => Status)).toEqual(['FAILED']);
    expect(await clientNames()).toEqual(['mail', 'own', 'social']);
    const services = await listServices(awsMesh(HOST, sandboxAccess(sandbox)));
    expect(services.flatMap(({ grants }) => grants)).toEqual(['* ANY /schedule/*', '* ANY /users/*']);
    expect((await sandbox.fetch('mail', `https://${HOST}/schedule`)).status).toBe(200);
  },
);

test('a forged deletion of another stack removes nothing', async () => {
  for (const [path, type, properties, PhysicalResourceId] of [
    ['/Issuer/Deployment', CERTIFICATE, ghost('mail'), `spiffe://${HOST}/mail`],
    [
      '/Issuer/Deployment',
      'Custom::MtlsExternalClient',
      { SpiffeId: `spiffe://${HOST}/mail` },
      `external:spiffe://${HOST}/mail`,
    ],
    ['/Issuer/Deployment', SERVICE, ghostService('schedule'), `service:${HOST}/schedule`],
    ['/Truststore/Publisher', 'Custom::MtlsTruststore', { BucketName: 'x', EmptyOnDelete: 'true' }, 's3://x'],
  ] as const) {
    await invoke(sandbox, path, resourceEvent(type, properties, { RequestType: 'Delete', PhysicalResourceId })).catch(
      () => undefined,
    );
  }
  expect(await clientNames()).toEqual(['mail', 'own', 'social']);
  expect((await sandbox.fetch('mail', `https://${HOST}/schedule`)).status).toBe(200);
});

const forgedRequest = () => ({
  requestContext: {
    http: { method: 'POST' },
    authorizer: { iam: { userArn: 'arn:aws:sts::123456789012:assumed-role/own/session' } },
  },
  body: JSON.stringify({ clientName: 'own', certificateSigningRequest: 'x' }),
});
const rotation = (secret: string, step = 'createSecret') => ({
  Step: step,
  SecretId: secret,
  ClientRequestToken: crypto.randomUUID(),
});

type Outcome = 'an error' | 'FAILED' | 'a refusal' | 'a denial' | 'nothing';

/** How each function ends for an event that is not its own. Maintenance does not read its event. */
const ENTRANCES: Readonly<Record<string, { readonly own: readonly string[]; readonly ends: Outcome }>> = {
  '/Issuer/Deployment': { own: [], ends: 'an error' },
  '/Issuer/Rotation': { own: ['a rotation'], ends: 'an error' },
  '/Issuer/Revocation': { own: ['a revocation'], ends: 'an error' },
  '/Issuer/Request': { own: ['a request'], ends: 'a refusal' },
  '/Issuer/Maintenance': { own: ['a schedule'], ends: 'nothing' },
  '/Truststore/Publisher': { own: [], ends: 'an error' },
  '/Gateway/Authorizer': { own: ['a call of mail'], ends: 'a denial' },
};

const mailSecret = () => String(sandbox.clients.find(({ name }) => name === 'mail')?.secretId);
const ofOwnStack = () => ({ StackId: stackIdOf(sandbox) });
const EVENTS: Readonly<Record<string, () => unknown>> = {
  'a request': forgedRequest,
  'a rotation': () => rotation(mailSecret()),
  'a schedule': () => ({ source: 'aws.events', 'detail-type': 'Scheduled Event' }),
  'a revocation': () => ({ clientName: 'mail', reason: 'KEY_COMPROMISE', by: 'attacker' }),
  'a revocation of everything': () => ({ clientName: '*', reason: 'UNSPECIFIED', by: 'attacker' }),
  'a call of mail': async () => authorizerEvent(sandbox, (await sandbox.clientSecret('mail')).certificate),
  'a message of SNS': () => ({ Records: [{ Sns: { Message: JSON.stringify(rotation(mailSecret())) } }] }),
  'an object of S3': () => ({ Records: [{ eventSource: 'aws:s3', s3: { object: { key: 'truststore.pem' } } }] }),
  nothing: () => ({}),
  null: () => null,
  'a list': () => [rotation(mailSecret())],
  'a text': () => JSON.stringify(rotation(mailSecret())),
  'a number': () => 1,
};

/** CloudFormation gets an answer from both functions that serve custom resources, and the others do not know its events. */
const RESOURCE_EVENTS: Readonly<Record<string, () => object>> = {
  'a client of another stack': () => resourceEvent(CERTIFICATE, ghost()),
  'a truststore of another stack': () => resourceEvent('Custom::MtlsTruststore', { BucketName: 'attacker' }),
  'a type that nobody serves': () => resourceEvent('Custom::Other', {}, ofOwnStack()),
};
const CROSSED: readonly [string, string, () => object][] = [
  ['/Issuer/Deployment', 'a truststore', () => resourceEvent('Custom::MtlsTruststore', truststore(), ofOwnStack())],
  [
    '/Issuer/Deployment',
    'a domain',
    () => resourceEvent('Custom::MtlsDomainTruststore', { DomainName: HOST }, ofOwnStack()),
  ],
  ['/Truststore/Publisher', 'a client', () => resourceEvent(CERTIFICATE, ghost(), ofOwnStack())],
  [
    '/Truststore/Publisher',
    'an external client',
    () => resourceEvent('Custom::MtlsExternalClient', { SpiffeId: `spiffe://${HOST}/ghost` }, ofOwnStack()),
  ],
];
const truststore = () => ({ BucketName: 'attacker', ObjectKey: 'truststore.pem', CertificateAuthorities: [] });

attacks<[path: string, event: () => unknown, ends: Outcome]>(
  'events of one kind at the entrance of another',
  [
    ...Object.entries(ENTRANCES).flatMap(([path, { own, ends }]) => [
      ...Object.entries(EVENTS)
        .filter(([kind]) => !own.includes(kind))
        .map(([kind, event]) => [`${kind} at ${path}`, [path, event, ends]] as const),
      ...Object.entries(RESOURCE_EVENTS).map(
        ([kind, event]) =>
          [`${kind} at ${path}`, [path, event, /Deployment|Publisher/.test(path) ? 'FAILED' : ends]] as const,
      ),
    ]),
    ...CROSSED.map(([path, kind, event]) => [`${kind} of the own stack at ${path}`, [path, event, 'FAILED']] as const),
  ].map(([name, [path, event, ends]]): Shape<[string, () => unknown, Outcome]> => [name, [path, event, ends]]),
  async ([path, event, ends]) => {
    const forged = await event();
    const before = changes();
    expect(await endOf(invoke(sandbox, path, forged))).toBe(ends);
    expect(changes()).toEqual(before);
    expect(await clientNames()).toEqual(['mail', 'own', 'social']);
    const services = await listServices(awsMesh(HOST, sandboxAccess(sandbox)));
    expect(services.flatMap(({ grants }) => grants)).toEqual(['* ANY /schedule/*', '* ANY /users/*']);
    expect((await sandbox.fetch('mail', `https://${HOST}/schedule`)).status).toBe(200);
  },
);

async function endOf(invocation: Promise<unknown>): Promise<Outcome | 'another'> {
  const answer = await invocation.then(
    (value) => ({ value }),
    (error: Error) => ({ error }),
  );
  if (events.answers.length > 0)
    return events.answers.every(({ Status }) => Status === 'FAILED') ? 'FAILED' : 'another';
  if ('error' in answer) return /Error$/.test(answer.error.message) ? 'an error' : 'another';
  if (answer.value === null) return 'nothing';
  const { statusCode, isAuthorized } = Object(answer.value);
  if ([400, 403, 405].includes(statusCode)) return 'a refusal';
  return isAuthorized === false ? 'a denial' : 'another';
}

/** Calls that changed something outside the functions. */
function changes(): readonly string[] {
  const changing = /^(Issue|Revoke|Put(Secret|Object|Item)|Update|Delete|BatchWrite|Transact|Rotate)/;
  return sandbox.calls.map(({ operation }) => operation).filter((operation) => changing.test(operation));
}

attacks<() => object>(
  'rotations that an operator forges',
  [
    [
      'of a version that is not pending',
      () => rotation(String(sandbox.clients.find(({ name }) => name === 'mail')?.secretId)),
    ],
    [
      'that end a version that does not exist',
      () => rotation(String(sandbox.clients.find(({ name }) => name === 'mail')?.secretId), 'finishSecret'),
    ],
    ['of a secret of somebody else', () => rotation(`${SECRETS}:database-AbCdEf`)],
    ['of a secret of another trust domain', () => rotation(`${SECRETS}:other.example.com/mail-AbCdEf`)],
    ['of a client that is not there', () => rotation(`${SECRETS}:${HOST}/ghost-AbCdEf`)],
    ['of a client that keeps its own key', () => rotation(`${SECRETS}:${HOST}/own-AbCdEf`)],
  ],
  async (event) => {
    const before = await sandbox.clientSecret('mail');
    await expect(invoke(sandbox, '/Issuer/Rotation', event(), accessOf(sandbox, 'operator'))).rejects.toThrow(
      'RotationError',
    );
    expect((await sandbox.clientSecret('mail')).serialNumber).toBe(before.serialNumber);
  },
);

attacks<string>(
  'functions that an operator must not invoke',
  ['/Issuer/Deployment', '/Issuer/Maintenance', '/Issuer/Request', '/Truststore/Publisher', '/Gateway/Authorizer'].map(
    (path): Shape<string> => [path, path],
  ),
  async (path) => {
    await expect(invoke(sandbox, path, forgedRequest(), accessOf(sandbox, 'operator'))).rejects.toThrow(
      'AccessDeniedException',
    );
  },
);
