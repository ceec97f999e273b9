import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { revokeCertificates } from '../../bin/revoke/revoke-certificates';
import { rotateClient } from '../../bin/rotate/rotate';
import { awsMesh } from '../../bin/shared/aws-mesh';
import { setClientState } from '../../bin/shared/client-state';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import { privateKeyPem } from '../../pki/keys';
import type { ClientSecret, Sandbox } from '../../sandbox';
import { encodedSubjectOf, randomSerialNumber, signCertificate } from '../../sandbox/x509/certificate';
import { encodeDistinguishedName } from '../../sandbox/x509/names';
import { clientExtensions, serverExtensions, subordinateAuthorityExtensions } from '../../sandbox/x509/profiles';
import { type Authority, createRoot, validFor } from '../pki/authorities';
import { deployAttackedMesh, HOST, PARTNER_IDENTITY, type RawOptions, request, sendRaw } from './attacked-mesh';
import { attacks, type Shape } from './attacks';

type Credentials = NonNullable<RawOptions['credentials']>;

let sandbox: Sandbox;
let partner: Authority;

beforeAll(async () => {
  partner = await createRoot('Partner');
  sandbox = await deployAttackedMesh(partner);
});
afterAll(() => sandbox?.close());

const reach = async (credentials?: Credentials) =>
  (await sendRaw(sandbox, request('/schedule'), { credentials })).seen.map(({ clientName }) => clientName);
const mesh = () => awsMesh(HOST, sandboxAccess(sandbox));

interface Forgery {
  readonly by?: () => Authority | Promise<Authority>;
  readonly uris?: readonly string[];
  readonly validity?: { readonly notBefore: Date; readonly notAfter: Date };
  readonly extensions?: 'server' | 'authority';
  readonly key?: () => KeyObject;
}

/** A certificate of an authority that the gateway trusts for handshakes. */
async function forge({
  by = () => partner,
  uris = [],
  validity = validFor(1),
  extensions,
  key,
}: Forgery): Promise<Credentials> {
  const authority = await by();
  const privateKey = (key ?? (() => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey))();
  const names = { uris: [...uris], dnsNames: [] };
  const certificate = signCertificate({
    ...validity,
    serialNumber: randomSerialNumber(),
    subject: encodeDistinguishedName({ commonName: 'mail' }),
    issuer: encodedSubjectOf(authority.certificate),
    publicKey: createPublicKey(privateKey),
    extensions:
      extensions === 'server'
        ? serverExtensions(names)
        : extensions === 'authority'
          ? subordinateAuthorityExtensions(0)
          : clientExtensions(names),
    signingKey: authority.privateKey,
    signingAlgorithm: authority.signingAlgorithm,
  });
  return { certificate, certificateChain: authority.pem, privateKey: privateKeyPem(privateKey) };
}

test('a good certificate of the partner is that of its client', async () => {
  expect(await reach(await forge({ uris: [PARTNER_IDENTITY] }))).toEqual(['billing']);
});

const MAIL = `spiffe://${HOST}/mail`;
const DAY = 86_400_000;
const ago = (days: number) => new Date(Date.now() - days * DAY);

attacks<Forgery>(
  'certificates of a partner',
  [
    ['that name a client of the mesh', { uris: [MAIL] }],
    ['that name a client of the mesh beside their own name', { uris: [PARTNER_IDENTITY, MAIL] }],
    ['without a name', {}],
    ['with the name of nobody', { uris: ['spiffe://partner.example.com/shipping'] }],
    ['with two names', { uris: [PARTNER_IDENTITY, 'spiffe://partner.example.com/shipping'] }],
    ['with the same name twice', { uris: [PARTNER_IDENTITY, PARTNER_IDENTITY] }],
    ...[
      'SPIFFE://partner.example.com/billing',
      'spiffe://PARTNER.example.com/billing',
      `${PARTNER_IDENTITY}/`,
      `${PARTNER_IDENTITY}?x`,
      `${PARTNER_IDENTITY}#x`,
      'spiffe://partner.example.com:443/billing',
      'spiffe://a@partner.example.com/billing',
      'spiffe://partner.example.com/%62illing',
      'spiffe://partner.example.com//billing',
      'spiffe://partner.example.com/./billing',
      'https://partner.example.com/billing',
      `${PARTNER_IDENTITY} `,
      `${PARTNER_IDENTITY}\0`,
    ].map((uri): Shape<Forgery> => [`with the name ${JSON.stringify(uri)}`, { uris: [uri] }]),
    ['that have expired', { uris: [PARTNER_IDENTITY], validity: { notBefore: ago(3), notAfter: ago(1) } }],
    ['that are not valid yet', { uris: [PARTNER_IDENTITY], validity: { notBefore: ago(-1), notAfter: ago(-3) } }],
    ['for servers only', { uris: [PARTNER_IDENTITY], extensions: 'server' }],
    ['for authorities', { uris: [PARTNER_IDENTITY], extensions: 'authority' }],
    [
      'with an RSA key of 1,024 bits',
      { uris: [PARTNER_IDENTITY], key: () => generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey },
    ],
    [
      'with a key on secp256k1',
      { uris: [PARTNER_IDENTITY], key: () => generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey },
    ],
    ['of an authority with the same name', { uris: [PARTNER_IDENTITY], by: () => createRoot('Partner') }],
    ['of another authority', { uris: [PARTNER_IDENTITY], by: () => createRoot('Other') }],
    ['of another authority that name a client of the mesh', { uris: [MAIL], by: () => createRoot('Other') }],
  ],
  async (forgery) => expect(await reach(await forge(forgery))).toEqual([]),
);

test('no certificate, and the certificate of one client with the key of another, reach nothing', async () => {
  const [mail, social] = [await sandbox.clientSecret('mail'), await sandbox.clientSecret('social')];
  expect(await reach()).toEqual([]);
  await expect(reach({ ...mail, privateKey: social.privateKey })).rejects.toThrow(/mismatch/);
});

describe('cut off', () => {
  const cases: readonly [string, (secret: ClientSecret) => Promise<unknown>, () => Promise<unknown>][] = [
    [
      'revoked',
      () => revokeCertificates(mesh(), 'social', { kind: 'all' }, 'KEY_COMPROMISE'),
      () => rotateClient(mesh(), 'social'),
    ],
    ['disabled', () => setClientState(mesh(), 'social', 'DISABLED'), () => setClientState(mesh(), 'social', 'ENABLED')],
  ];
  test.each(cases)('a client that is %s reaches nothing', async (_, cutOff, restore) => {
    const secret = await sandbox.clientSecret('social');
    expect(await reach(secret)).toEqual(['social']);
    await cutOff(secret);
    expect(await reach(secret)).toEqual([]);
    await restore();
    expect(await reach(await sandbox.clientSecret('social'))).toEqual(['social']);
  });

  test('whatever races: at the end no revoked certificate is let in', async () => {
    const { secretId } = sandbox.clients.find(({ name }) => name === 'social') ?? {};
    for (let round = 0; round < 3; round += 1) {
      const before = await sandbox.clientSecret('social');
      await Promise.allSettled([
        revokeCertificates(mesh(), 'social', { kind: 'all' }, 'UNSPECIFIED'),
        mesh().startRotation(String(secretId)),
        setClientState(mesh(), 'social', 'DISABLED'),
        revokeCertificates(mesh(), 'social', { kind: 'all' }, 'KEY_COMPROMISE'),
        setClientState(mesh(), 'social', 'ENABLED'),
      ]);
      await sandbox.advance(0);
      expect(await reach(before)).toEqual([]);
      await setClientState(mesh(), 'social', 'DISABLED');
      expect(await reach(await sandbox.clientSecret('social'))).toEqual([]);
      await setClientState(mesh(), 'social', 'ENABLED');
      // Secrets Manager repeats what failed while the client was disabled.
      await sandbox.advance(2 * 3_600_000);
    }
    await rotateClient(mesh(), 'social');
    expect(await reach(await sandbox.clientSecret('social'))).toEqual(['social']);
  });
});
