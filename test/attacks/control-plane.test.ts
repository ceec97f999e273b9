import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { AwsClient } from 'aws4fetch';
import { awsMesh } from '../../bin/shared/aws-mesh';
import { listClients } from '../../bin/shared/inventory';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import { createCertificateSigningRequest } from '../../pki/certificate-signing-request';
import { generatePrivateKey, type KeyAlgorithm } from '../../pki/keys';
import { Sandbox } from '../../sandbox';
import { attackedMesh, HOST } from './attacked-mesh';
import { attacks, type Shape } from './attacks';

let sandbox: Sandbox;
let responses: Server;
const answers: { readonly Status: string; readonly Reason?: string }[] = [];

beforeAll(async () => {
  sandbox = await Sandbox.deploy(attackedMesh());
  // Where CloudFormation, or whoever forges its events, receives the answers.
  responses = createServer(async (incoming, outgoing) => {
    answers.push(JSON.parse(await text(incoming)));
    outgoing.end();
  }).listen(0, '127.0.0.1');
  await once(responses, 'listening');
});
afterAll(async () => {
  responses?.close();
  await sandbox?.close();
});
beforeEach(() => {
  answers.length = 0;
});

const functionName = (path: string) => {
  const found = Object.values(sandbox.resources).find(({ constructPath }) =>
    constructPath?.endsWith(`${path}/Function/Resource`),
  );
  if (found === undefined) throw new Error(`there is no function ${path}`);
  return found.physicalId;
};
const accessOf = (role: string) => {
  const environment = sandbox.environment({ role: `arn:aws:iam::123456789012:role/${role}` });
  const { AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '', AWS_REGION } = environment;
  return {
    endpoint: String(AWS_ENDPOINT_URL),
    region: String(AWS_REGION),
    credentials: { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY },
  };
};
/** Invokes a function, by default as somebody who may invoke all. @throws Error with the name of what went wrong */
async function invoke(path: string, event: object, access: Access = sandboxAccess(sandbox)): Promise<void> {
  const { endpoint, region, credentials } = access;
  const client = new AwsClient({ ...credentials, service: 'lambda', region: String(region), retries: 0 });
  const url = `${endpoint}/2015-03-31/functions/${functionName(path)}/invocations`;
  const { headers, ...response } = await client
    .fetch(url, { method: 'POST', body: JSON.stringify(event) })
    .then(async (answer) => ({ headers: answer.headers, document: JSON.parse(await answer.text()) }));
  const failure = headers.has('x-amz-function-error') ? response.document.errorType : headers.get('x-amzn-errortype');
  if (failure) throw new Error(failure);
}

type Access = ReturnType<typeof sandboxAccess>;

const STACK = 'arn:aws:cloudformation:us-east-1:123456789012:stack/Attacker/11111111-2222-3333-4444-555555555555';
const SECRETS = 'arn:aws:secretsmanager:us-east-1:123456789012:secret';

function resourceEvent(ResourceType: string, properties: object, changed: object = {}): object {
  return {
    RequestType: 'Create',
    RequestId: crypto.randomUUID(),
    ResponseURL: `http://127.0.0.1:${(responses.address() as AddressInfo).port}/`,
    StackId: STACK,
    LogicalResourceId: 'Ghost',
    ResourceType,
    ResourceProperties: { ServiceToken: 'x', ...properties },
    ...changed,
  };
}

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
const ownStack = () => stackIdOf(sandbox);

/** The stack's ID, as a function of it knows it. */
function stackIdOf({ resources }: Sandbox): string {
  const deployment = Object.values(resources).find(({ constructPath }) =>
    constructPath?.endsWith('/Deployment/Function/Resource'),
  );
  const environment = deployment?.properties['Environment'] as { readonly Variables: { readonly STACKS: string } };
  return environment.Variables.STACKS;
}

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
    await invoke(...attack()).catch(() => undefined);
    expect(answers.map(({ Status }) => Status)).toEqual(['FAILED']);
    expect(await clientNames()).toEqual(['mail', 'own', 'social']);
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
    ['/Truststore/Publisher', 'Custom::MtlsTruststore', { BucketName: 'x', EmptyOnDelete: 'true' }, 's3://x'],
  ] as const) {
    await invoke(path, resourceEvent(type, properties, { RequestType: 'Delete', PhysicalResourceId })).catch(
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

attacks<() => [path: string, event: object]>(
  'events of one kind at the entrance of another',
  ['/Issuer/Deployment', '/Issuer/Rotation', '/Issuer/Revocation', '/Truststore/Publisher'].flatMap((path) =>
    (
      [
        ['a request', forgedRequest],
        ['a rotation', () => rotation(`${SECRETS}:${HOST}/mail-AbCdEf`)],
        ['a schedule', () => ({ source: 'aws.events', 'detail-type': 'Scheduled Event' })],
        ['a revocation of everything', () => ({ clientName: '*', reason: 'UNSPECIFIED', by: 'x' })],
      ] as const
    ).map(([kind, event]): Shape<() => [string, object]> => [`${kind} at ${path}`, () => [path, event()]]),
  ),
  async (attack) => {
    const { serialNumber } = await sandbox.clientSecret('mail');
    await expect(invoke(...attack())).rejects.toThrow(/Error$/);
    expect((await sandbox.clientSecret('mail')).serialNumber).toBe(serialNumber);
    expect((await sandbox.fetch('mail', `https://${HOST}/schedule`)).status).toBe(200);
  },
);

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
    await expect(invoke('/Issuer/Rotation', event(), accessOf('operator'))).rejects.toThrow('RotationError');
    expect((await sandbox.clientSecret('mail')).serialNumber).toBe(before.serialNumber);
  },
);

attacks<string>(
  'functions that an operator must not invoke',
  ['/Issuer/Deployment', '/Issuer/Maintenance', '/Issuer/Request', '/Truststore/Publisher', '/Gateway/Authorizer'].map(
    (path): Shape<string> => [path, path],
  ),
  async (path) => {
    await expect(invoke(path, forgedRequest(), accessOf('operator'))).rejects.toThrow('AccessDeniedException');
  },
);

describe('at the URL for certificates', () => {
  const requestUrl = () =>
    String(Object.values(sandbox.resources).find(({ type }) => type === 'AWS::Lambda::Url')?.attributes.FunctionUrl);
  const post = async (body: unknown, role = 'own') => {
    const { credentials, region } = accessOf(role);
    const client = new AwsClient({ ...credentials, service: 'lambda', region, retries: 0 });
    return (await client.fetch(requestUrl(), { method: 'POST', body: JSON.stringify(body) })).status;
  };
  const csr = async (commonName: string, algorithm: KeyAlgorithm = 'EC_prime256v1') =>
    createCertificateSigningRequest(await generatePrivateKey(algorithm), commonName);

  test('a good request gets a certificate', async () => {
    expect(await post({ clientName: 'own', certificateSigningRequest: await csr('own') })).toBe(200);
  });

  attacks<() => Promise<[expected: number, body: unknown, role?: string]>>(
    'requests for certificates',
    [
      ['for another client', async () => [403, { clientName: 'mail', certificateSigningRequest: await csr('mail') }]],
      ['for nobody', async () => [403, { clientName: 'ghost', certificateSigningRequest: await csr('ghost') }]],
      [
        'with the name of another client',
        async () => [400, { clientName: 'own', certificateSigningRequest: await csr('mail') }],
      ],
      [
        'with another kind of key',
        async () => [400, { clientName: 'own', certificateSigningRequest: await csr('own', 'RSA_2048') }],
      ],
      [
        'with a request that was changed',
        async () => [
          400,
          { clientName: 'own', certificateSigningRequest: (await csr('own')).replace(/A(?=[^-]*-----END)/, 'B') },
        ],
      ],
      [
        'with a request of another name for the client',
        async () => [400, { clientName: 'own/../mail', certificateSigningRequest: await csr('own') }],
      ],
      [
        'with a caller in the body',
        async () => [403, { ...forgedRequest(), clientName: 'mail', certificateSigningRequest: await csr('mail') }],
      ],
      [
        'with a prototype',
        async () => [400, JSON.parse('{"__proto__":{"clientName":"own"},"certificateSigningRequest":"x"}')],
      ],
      ['with nothing', async () => [400, {}]],
      ['with a list', async () => [400, []]],
      ['of 20,000 characters', async () => [413, { clientName: 'own', certificateSigningRequest: 'x'.repeat(20_000) }]],
      [
        'of an operator',
        async () => [403, { clientName: 'own', certificateSigningRequest: await csr('own') }, 'operator'],
      ],
    ],
    async (attack) => {
      const [expected, body, role] = await attack();
      expect(await post(body, role)).toBe(expected);
    },
  );

  test('without a signature nothing is issued', async () => {
    const body = JSON.stringify({ clientName: 'own', certificateSigningRequest: await csr('own') });
    expect((await fetch(requestUrl(), { method: 'POST', body })).status).toBe(403);
  });
});
