import 'reflect-metadata';
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  webcrypto,
  X509Certificate,
} from 'node:crypto';
import { CertificationRequest } from '@peculiar/asn1-csr';
import { AsnConvert } from '@peculiar/asn1-schema';
import * as x509 from '@peculiar/x509';
import { AwsClient } from 'aws4fetch';
import { revokeCertificates } from '../../bin/revoke/revoke-certificates';
import { awsMesh } from '../../bin/shared/aws-mesh';
import { setClientState } from '../../bin/shared/client-state';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import { createCertificateSigningRequest } from '../../pki/certificate-signing-request';
import { generatePrivateKey, type KeyAlgorithm } from '../../pki/keys';
import { encodePem, readPemBlocks } from '../../pki/pem';
import { Sandbox } from '../../sandbox';
import { ecKey, rsaKey } from '../pki/forgery';
import { attackedMesh, HOST } from './attacked-mesh';
import { attacks, type Shape } from './attacks';
import { accessOf, requestCertificate, requestUrl } from './calls';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await Sandbox.deploy(attackedMesh());
});
afterAll(() => sandbox?.close());

const OWN = `spiffe://${HOST}/own`;
const SOCIAL = `spiffe://${HOST}/social`;

interface Csr {
  /** @default CN=own */
  readonly name?: string;
  readonly extensions?: x509.Extension[];
  /** @default - SHA-256 with ECDSA */
  readonly algorithm?: { readonly name: string; readonly hash?: string; readonly namedCurve?: string };
  readonly key?: KeyObject;
}

const P_256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

async function csr({ name = 'CN=own', extensions = [], algorithm = P_256, key }: Csr = {}): Promise<string> {
  const keys = key
    ? await imported(key, algorithm)
    : await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name,
    keys,
    extensions,
    signingAlgorithm: algorithm,
  });
  return request.toString('pem');
}

async function imported(key: KeyObject, algorithm: NonNullable<Csr['algorithm']>): Promise<webcrypto.CryptoKeyPair> {
  const pkcs8 = key.export({ format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return {
    privateKey: await webcrypto.subtle.importKey('pkcs8', pkcs8, algorithm, true, ['sign']),
    publicKey: await webcrypto.subtle.importKey('spki', spki, algorithm, true, ['verify']),
  };
}

const simpleCsr = async (commonName: string, algorithm: KeyAlgorithm = 'EC_prime256v1') =>
  createCertificateSigningRequest(await generatePrivateKey(algorithm), commonName);
const request = async (certificateSigningRequest: string | Promise<string>, clientName = 'own') => ({
  clientName,
  certificateSigningRequest: await certificateSigningRequest,
});
const names = (...alternativeNames: x509.JsonGeneralNames) =>
  new x509.SubjectAlternativeNameExtension(alternativeNames);

attacks<() => Promise<[expected: number, body: unknown, role?: string]>>(
  'requests for certificates',
  [
    ['for another client', async () => [403, await request(simpleCsr('mail'), 'mail')]],
    ['for nobody', async () => [403, await request(simpleCsr('ghost'), 'ghost')]],
    ['of an operator', async () => [403, await request(simpleCsr('own')), 'operator']],
    [
      'with a caller in the body',
      async () => [403, { ...FORGED_CALLER, ...(await request(simpleCsr('mail'), 'mail')) }],
    ],
    ...['own/../mail', 'OWN', 'own ', ' own', 'own\0', 'own\n', 'öwn', '', '*', '__proto__'].map(
      (clientName): Shape<() => Promise<[number, unknown]>> => [
        `for ${JSON.stringify(clientName)}`,
        async () => [400, await request(simpleCsr('own'), clientName)],
      ],
    ),
    ...[['own'], { toString: 'own' }, 1, true, null].map(
      (clientName): Shape<() => Promise<[number, unknown]>> => [
        `for ${JSON.stringify(clientName)}, which is no text`,
        async () => [400, { clientName, certificateSigningRequest: await simpleCsr('own') }],
      ],
    ),
    [
      'with a prototype',
      async () => [400, JSON.parse('{"__proto__":{"clientName":"own"},"certificateSigningRequest":"x"}')],
    ],
    ['with nothing', async () => [400, {}]],
    ['with a list', async () => [400, []]],
    ['of 20,000 characters', async () => [413, await request('x'.repeat(20_000))]],
    [
      'of 20,000 characters around a good one',
      async () => [413, await request(`${'x'.repeat(20_000)}\n${await csr()}`)],
    ],
  ],
  async (attack) => {
    const [expected, body, role] = await attack();
    expect((await requestCertificate(sandbox, body, role)).status).toBe(expected);
  },
);

const FORGED_CALLER = {
  requestContext: { authorizer: { iam: { userArn: 'arn:aws:sts::123456789012:assumed-role/own/session' } } },
};

attacks<() => string | Promise<string>>(
  'signing requests',
  [
    ['of nobody', () => csr({ name: '' })],
    ['of another client', () => csr({ name: 'CN=mail' })],
    ['of the client and another', () => csr({ name: 'CN=own, CN=mail' })],
    ['of the client and another in one part', () => csr({ name: 'CN=own+CN=mail' })],
    [
      'of another client, with the name of the client beside it',
      () => csr({ name: 'CN=mail', extensions: [names({ type: 'url', value: OWN })] }),
    ],
    ['of the client in other case', () => csr({ name: 'CN=OWN' })],
    ['of the client with a null', () => csr({ name: 'CN=own\0' })],
    ['with the SPIFFE ID of another client', () => csr({ extensions: [names({ type: 'url', value: SOCIAL })] })],
    [
      'with the SPIFFE IDs of both',
      () => csr({ extensions: [names({ type: 'url', value: OWN }, { type: 'url', value: SOCIAL })] }),
    ],
    [
      'with the SPIFFE ID of another client in a second extension',
      () => csr({ extensions: [names({ type: 'url', value: OWN }), names({ type: 'url', value: SOCIAL })] }),
    ],
    ['with the domain of the mesh', () => csr({ extensions: [names({ type: 'dns', value: HOST })] })],
    ['with an IP address', () => csr({ extensions: [names({ type: 'ip', value: '127.0.0.1' })] })],
    ['with an email address', () => csr({ extensions: [names({ type: 'email', value: 'own@example.com' })] })],
    [
      'with alternative names that cannot be read',
      () => csr({ extensions: [new x509.Extension('2.5.29.17', false, Buffer.from('x'))] }),
    ],
    ['with an RSA key of 1,024 bits', () => csr({ key: rsaKey(1024), algorithm: RSA })],
    ['with an RSA key of 2,048 bits, which is not the client’s kind', () => csr({ key: rsaKey(2048), algorithm: RSA })],
    ['with a key on P-384', () => csr({ algorithm: { ...P_256, namedCurve: 'P-384' } })],
    ['with a key on secp256k1', () => createCertificateSigningRequest(ecKey('secp256k1'), 'own')],
    ['with a key on P-224', () => createCertificateSigningRequest(ecKey('P-224'), 'own')],
    [
      'with an Ed25519 key',
      () => csr({ key: generateKeyPairSync('ed25519').privateKey, algorithm: { name: 'Ed25519' } }),
    ],
    ['signed with SHA-1', () => csr({ algorithm: { ...P_256, hash: 'SHA-1' } })],
    ['signed by another key', async () => signedByAnother()],
    [
      'with a changed signature',
      async () => (await csr()).replace(/.(?=[^-\n]{6}\s+-----END)/, (letter) => (letter === 'A' ? 'B' : 'A')),
    ],
    ['with a changed name', async () => changed(await csr({ name: 'CN=mai' }), 'mai', 'own')],
    ['two of them', async () => (await csr()) + (await csr())],
    ['beside a certificate', async () => (await sandbox.clientSecret('mail')).certificate + (await csr())],
    ['beside its private key', async () => (await sandbox.clientSecret('mail')).privateKey + (await csr())],
    ['with the label of a certificate', async () => (await csr()).replaceAll('CERTIFICATE REQUEST', 'CERTIFICATE')],
    ['in lower case', async () => (await csr()).replaceAll('CERTIFICATE REQUEST', 'certificate request')],
    ['with another end', async () => (await csr()).replace('END CERTIFICATE REQUEST', 'END CERTIFICATE')],
    ['half of one', async () => encodePem('CERTIFICATE REQUEST', derOf(await csr()).subarray(0, 60))],
    ['nothing in a block', () => '-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----\n'],
    ['a public key', () => createPublicKey(ecKey()).export({ format: 'pem', type: 'spki' }).toString()],
    [
      'for the key of another client',
      async () =>
        createCertificateSigningRequest(createPrivateKey((await sandbox.clientSecret('mail')).privateKey), 'own'),
    ],
    ['for a key that was revoked', () => csrOfRevokedKey()],
  ],
  async (pem) => {
    const body = await request(pem());
    const before = issuedSoFar();
    const { status, document } = await requestCertificate(sandbox, body);
    // An issuer that wants another key says which.
    const { keyAlgorithm = 'EC_prime256v1', ...failure } = document;
    expect([status, keyAlgorithm, Object.keys(failure)]).toEqual([400, 'EC_prime256v1', ['message']]);
    expect(issuedSoFar()).toBe(before);
  },
);

const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
const derOf = (pem: string) => readPemBlocks(pem)[0]?.der ?? Buffer.of();
const issuedSoFar = () => sandbox.calls.filter(({ operation }) => operation === 'IssueCertificate').length;

function changed(pem: string, from: string, to: string): string {
  return encodePem('CERTIFICATE REQUEST', Buffer.from(derOf(pem).toString('latin1').replace(from, to), 'latin1'));
}

/** Proves possession of another key than the one to certify. */
async function signedByAnother(): Promise<string> {
  const [victim, attacker] = [await csr(), await csr()].map((pem) =>
    AsnConvert.parse(derOf(pem), CertificationRequest),
  );
  if (!victim || !attacker) throw new TypeError('there are no requests');
  victim.signature = attacker.signature;
  return encodePem('CERTIFICATE REQUEST', Buffer.from(AsnConvert.serialize(victim)));
}

async function csrOfRevokedKey(): Promise<string> {
  const pem = await csr();
  expect((await requestCertificate(sandbox, await request(pem))).status).toBe(200);
  const mesh = awsMesh(HOST, sandboxAccess(sandbox));
  await revokeCertificates(mesh, 'own', { kind: 'all' }, 'KEY_COMPROMISE');
  return pem;
}

/** What the mesh issues is the client's certificate and nothing else, whatever was asked for. */
attacks<() => string | Promise<string>>(
  'signing requests that ask for more',
  [
    ['nothing more', () => csr()],
    ['by no subject but the SPIFFE ID', () => csr({ name: '', extensions: [names({ type: 'url', value: OWN })] })],
    ['with other parts of a subject', () => csr({ name: 'C=DE, O=Example, OU=mail, CN=own' })],
    ['a subject of 8,000 characters', () => csr({ name: `O=${'x'.repeat(8_000)}, CN=own` })],
    ['CA:TRUE', () => csr({ extensions: [new x509.BasicConstraintsExtension(true, 3, true)] })],
    [
      'to sign certificates',
      () => csr({ extensions: [new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true)] }),
    ],
    [
      'for servers',
      () => csr({ extensions: [new x509.ExtendedKeyUsageExtension(['1.3.6.1.5.5.7.3.1', '2.5.29.37.0'], true)] }),
    ],
    [
      'an unknown critical extension',
      () => csr({ extensions: [new x509.Extension('1.3.6.1.4.1.55555.1', true, Buffer.of(5, 0))] }),
    ],
    [
      'octets after the request',
      async () => encodePem('CERTIFICATE REQUEST', Buffer.concat([derOf(await csr()), Buffer.from('more')])),
    ],
    ['text around the request', async () => `mail\n${await csr()}\nmail`],
    ['lines with carriage returns', async () => (await csr()).replaceAll('\n', '\r\n')],
  ],
  async (pem) => {
    const certificateSigningRequest = await pem();
    const { status, document } = await requestCertificate(sandbox, await request(certificateSigningRequest));
    expect(status).toBe(200);
    const certificate = new X509Certificate(document['certificate'] ?? '');
    const { ca, subject, subjectAltName, keyUsage } = certificate;
    expect({ ca, subject, subjectAltName, keyUsage }).toEqual({
      ca: false,
      subject: 'CN=own',
      subjectAltName: `URI:${OWN}`,
      keyUsage: ['1.3.6.1.5.5.7.3.2'],
    });
    const { extensions } = new x509.X509Certificate(document['certificate'] ?? '');
    expect(extensions.map(({ type }) => type).sort()).toEqual([
      '2.5.29.14',
      '2.5.29.15',
      '2.5.29.17',
      '2.5.29.19',
      '2.5.29.35',
      '2.5.29.37',
    ]);
  },
  'harmless',
);

attacks<() => Promise<[expected: number, init: RequestInit, path?: string]>>(
  'requests at the URL for certificates that are none',
  [
    ...['GET', 'PUT', 'DELETE', 'PATCH'].map(
      (method): Shape<() => Promise<[number, RequestInit]>> => [
        method,
        async () => [405, method === 'GET' ? { method } : { method, body: JSON.stringify(await request(csr())) }],
      ],
    ),
    ['no JSON', async () => [400, { method: 'POST', body: '{' }]],
    ['an empty body', async () => [400, { method: 'POST' }]],
    ['JSON that is text', async () => [400, { method: 'POST', body: '"own"' }]],
    ['a form', async () => [400, { method: 'POST', body: new URLSearchParams(await request(csr())).toString() }]],
    [
      'two names, the last of another client',
      async () => [
        403,
        {
          method: 'POST',
          body: `{"clientName":"own","clientName":"mail",${JSON.stringify(await request(csr()))
            .slice(1)
            .replace('"clientName":"own",', '')}`,
        },
      ],
    ],
  ],
  async (attack) => {
    const [expected, init] = await attack();
    const { credentials, region } = accessOf(sandbox, 'own');
    const client = new AwsClient({ ...credentials, service: 'lambda', region: String(region), retries: 0 });
    expect((await client.fetch(requestUrl(sandbox), init)).status).toBe(expected);
  },
);

test('without a signature, or with one for another service, nothing is issued', async () => {
  const body = JSON.stringify(await request(csr()));
  expect((await fetch(requestUrl(sandbox), { method: 'POST', body })).status).toBe(403);
  const { credentials, region } = accessOf(sandbox, 'own');
  const client = new AwsClient({ ...credentials, service: 's3', region: String(region), retries: 0 });
  expect((await client.fetch(requestUrl(sandbox), { method: 'POST', body })).status).not.toBe(200);
});

test('a client that is disabled gets nothing', async () => {
  const mesh = awsMesh(HOST, sandboxAccess(sandbox));
  await setClientState(mesh, 'own', 'DISABLED');
  expect((await requestCertificate(sandbox, await request(csr()))).status).toBe(403);
  await setClientState(mesh, 'own', 'ENABLED');
  expect((await requestCertificate(sandbox, await request(csr()))).status).toBe(200);
});
