import { once } from 'node:events';
import { Agent, type RequestOptions, request as send } from 'node:https';
import { text } from 'node:stream/consumers';
import { type ConnectionOptions, connect, type SecureVersion } from 'node:tls';
import { ACMPCAClient } from '@aws-sdk/client-acm-pca';
import { AcmPca } from '../../aws/acm-pca';
import { revokeCertificates } from '../../bin/revoke/revoke-certificates';
import { rotateClient } from '../../bin/rotate/rotate';
import { awsMesh } from '../../bin/shared/aws-mesh';
import { setClientState } from '../../bin/shared/client-state';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import { createCertificateSigningRequest } from '../../pki/certificate-signing-request';
import { generatePrivateKey, privateKeyPem } from '../../pki/keys';
import { type ClientSecret, Sandbox } from '../../sandbox';
import { attackedMesh, type Credentials, HOST, request, sendRaw } from './attacked-mesh';
import { attacks } from './attacks';
import { askAuthorizer, authorizerEvent } from './calls';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await Sandbox.deploy(attackedMesh());
});
afterAll(() => sandbox?.close());

const mesh = () => awsMesh(HOST, sandboxAccess(sandbox));
const signal = AbortSignal.timeout(600_000);

interface Unregistered {
  readonly commonName: string;
  readonly spiffeId: string;
  readonly dnsNames?: readonly string[];
}

/** A certificate of the mesh's own authority that the registry doesn't know. */
async function issueOutside({ dnsNames = [], ...names }: Unregistered): Promise<Credentials> {
  const authority = new AcmPca(new ACMPCAClient(sandboxAccess(sandbox)));
  const found = Object.values(sandbox.resources).find(({ type }) => type === 'AWS::ACMPCA::CertificateAuthority');
  const certificateAuthorityArn = String(found?.physicalId);
  const key = await generatePrivateKey('EC_prime256v1');
  const arn = await authority.issueCertificate(
    {
      ...names,
      dnsNames,
      certificateAuthorityArn,
      certificateSigningRequest: await createCertificateSigningRequest(key, names.commonName),
      signingAlgorithm: 'SHA256WITHECDSA',
      validity: { type: 'DAYS', value: 1 },
      idempotencyToken: crypto.randomUUID(),
    },
    signal,
  );
  for (;;) {
    const issued = await authority.getCertificate(certificateAuthorityArn, arn, signal);
    if (issued) {
      return {
        certificate: `${issued.certificate}\n`,
        certificateChain: issued.certificateChain,
        privateKey: privateKeyPem(key),
      };
    }
    await sandbox.advance(1_000);
  }
}

const spiffeId = (name: string) => `spiffe://${HOST}/${name}`;

attacks<Unregistered>(
  'certificates of the right authority that are not registered',
  [
    ['of a client', { commonName: 'mail', spiffeId: spiffeId('mail') }],
    ['of a client, with its name in DNS', { commonName: 'mail', spiffeId: spiffeId('mail'), dnsNames: [HOST] }],
    ['of a client that keeps its own key', { commonName: 'own', spiffeId: spiffeId('own') }],
    ['of nobody', { commonName: 'ghost', spiffeId: spiffeId('ghost') }],
    ['of a client in the subject only', { commonName: 'mail', spiffeId: spiffeId('ghost') }],
    ['of a client in other case', { commonName: 'mail', spiffeId: spiffeId('MAIL') }],
    ['of a client with a slash', { commonName: 'mail', spiffeId: `${spiffeId('mail')}/` }],
    ['of a client below', { commonName: 'mail', spiffeId: spiffeId('mail/mail') }],
    ['of another trust domain', { commonName: 'mail', spiffeId: 'spiffe://other.example.com/mail' }],
    ['of the trust domain itself', { commonName: 'mail', spiffeId: `spiffe://${HOST}` }],
  ],
  async (names) => {
    const { status, seen } = await sendRaw(sandbox, request('/schedule'), { credentials: await issueOutside(names) });
    expect([status, seen]).toEqual([403, []]);
  },
);

test('without a certificate the handshake fails', async () => {
  expect(await sendRaw(sandbox, request('/schedule'))).toMatchObject({ status: undefined, seen: [] });
});

const tlsOptions = ({ certificate, certificateChain, privateKey }: ClientSecret, version: SecureVersion) => ({
  host: '127.0.0.1',
  port: sandbox.gatewayPort,
  servername: HOST,
  ca: sandbox.serverAuthority,
  cert: certificate + certificateChain,
  key: privateKey,
  minVersion: version,
  maxVersion: version,
});

async function statusOf(options: RequestOptions): Promise<number | undefined> {
  const outgoing = send({ ...options, path: '/schedule', headers: { host: HOST } }).end();
  const [incoming] = await once(outgoing, 'response');
  await text(incoming);
  return incoming.statusCode;
}

/** Sends a request on a connection that offers the session. */
async function resume(options: ConnectionOptions): Promise<{ readonly isResumed: boolean; readonly answer: string }> {
  const socket = connect(options);
  await once(socket, 'secureConnect');
  const isResumed = socket.isSessionReused();
  socket.write(request('/schedule'));
  return { isResumed, answer: (await text(socket)).slice(0, 'HTTP/1.1 200'.length) };
}

/** A session of the client with the gateway. */
async function sessionOf(secret: ClientSecret, version: SecureVersion): Promise<Buffer> {
  const socket = connect(tlsOptions(secret, version));
  let session: Buffer | undefined;
  socket.on('session', (ticket) => {
    session = ticket;
  });
  socket.write(request('/schedule'));
  await text(socket);
  if (session === undefined) throw new Error('the gateway gave no session');
  return session;
}

const restore = {
  revoked: () => rotateClient(mesh(), 'social'),
  disabled: () => setClientState(mesh(), 'social', 'ENABLED'),
};
const cutOff = {
  revoked: () => revokeCertificates(mesh(), 'social', { kind: 'all' }, 'KEY_COMPROMISE'),
  disabled: () => setClientState(mesh(), 'social', 'DISABLED'),
};

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('with %s', (version) => {
  describe.each(['revoked', 'disabled'] as const)('a client that is %s', (state) => {
    afterEach(() => restore[state]());

    test('is refused on a connection that it opened before', async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const options = { ...tlsOptions(await sandbox.clientSecret('social'), version), agent };
      let connections = 0;
      const createConnection = agent.createConnection.bind(agent);
      agent.createConnection = (...parameters) => {
        connections += 1;
        return createConnection(...parameters);
      };
      expect(await statusOf(options)).toBe(200);
      await cutOff[state]();
      expect(await statusOf(options)).toBe(403);
      expect(connections).toBe(1);
      agent.destroy();
    });

    test('is refused when it offers a session of before, which the gateway does not resume', async () => {
      const options = tlsOptions(await sandbox.clientSecret('social'), version);
      const session = await sessionOf(await sandbox.clientSecret('social'), version);
      expect(await resume({ ...options, session })).toEqual({ isResumed: false, answer: 'HTTP/1.1 200' });
      await cutOff[state]();
      expect(await resume({ ...options, session })).toEqual({ isResumed: false, answer: 'HTTP/1.1 403' });
    });
  });
});

const social = () => sandbox.clientSecret('social');
const HOUR = 3_600_000;

/** Each begins with an accepted certificate of the client, and ends with the client's certificate that must be refused. */
attacks<[code: string, after: () => Promise<unknown>, restore?: () => Promise<unknown>]>(
  'certificates of a client that was cut off',
  [
    ['revoked', ['REVOKED', cutOff.revoked, restore.revoked]],
    ['disabled', ['CLIENT_DISABLED', cutOff.disabled, restore.disabled]],
    [
      'revoked, and the client disabled and enabled again',
      [
        'REVOKED',
        async () => {
          await cutOff.revoked();
          await cutOff.disabled();
          await restore.disabled();
        },
        restore.revoked,
      ],
    ],
    [
      'replaced, after its overlap',
      [
        'REPLACED',
        async () => {
          const replaced = await social();
          await rotateClient(mesh(), 'social');
          await sandbox.advance(HOUR / 2);
          expect(await statusWith(replaced)).toBe(200);
          await sandbox.advance(HOUR / 2);
        },
      ],
    ],
    ['of a client that was removed', ['CLIENT_UNKNOWN', () => sandbox.update(attackedMesh({ clientNames: ['mail'] }))]],
  ],
  async ([code, after, restored]) => {
    const credentials = await social();
    expect(await statusWith(credentials)).toBe(200);
    await after();
    expect(await statusWith(credentials)).toBe(403);
    expect(await askAuthorizer(sandbox, authorizerEvent(sandbox, credentials.certificate))).toBe(code);
    await restored?.();
  },
);

test('a client that is added again does not bring back the certificates of before', async () => {
  await sandbox.update(attackedMesh());
  const before = await social();
  await sandbox.update(attackedMesh({ clientNames: ['mail'] }));
  await sandbox.update(attackedMesh());
  expect(await statusWith(await social())).toBe(200);
  expect(await statusWith(before)).toBe(403);
  expect(await askAuthorizer(sandbox, authorizerEvent(sandbox, before.certificate))).toBe('REVOKED');
});

test('an expired certificate is refused in the handshake, and by the authorizer: the hourly run has revoked it', async () => {
  const credentials = await social();
  await sandbox.advance(8 * 24 * HOUR);
  expect(await statusWith(credentials)).toBeUndefined();
  expect(await askAuthorizer(sandbox, authorizerEvent(sandbox, credentials.certificate))).toBe('REVOKED');
  expect(await statusWith(await social())).toBe(200);
});

async function statusWith(credentials: Credentials): Promise<number | undefined> {
  return (await sendRaw(sandbox, request('/schedule'), { credentials })).status;
}
