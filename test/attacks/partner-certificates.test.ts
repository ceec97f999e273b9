import { createPrivateKey, X509Certificate } from 'node:crypto';
import { Sandbox } from '../../sandbox';
import { clientExtensions, serverExtensions, subordinateAuthorityExtensions } from '../../sandbox/x509/profiles';
import { type Authority, createRoot, createSubordinate } from '../pki/authorities';
import { ecKey, type Forgery, forge, rsaKey, unknownExtension } from '../pki/forgery';
import { attackedMesh, type Credentials, HOST, PARTNER_IDENTITY, request, sendRaw } from './attacked-mesh';
import { attacks, type Shape } from './attacks';
import { askAuthorizer, authorizerEvent } from './calls';

let sandbox: Sandbox;
/** The partner's authorities that the gateway trusts. */
let root: Authority;
let issuing: Authority;
let rsaRoot: Authority;
/** Of the partner's root, and not in the truststore. */
let unlisted: Authority;
let stranger: Authority;

beforeAll(async () => {
  root = await createRoot('Partner');
  issuing = await createSubordinate(root, 'Partner issuing');
  rsaRoot = await createRoot('Partner RSA', { keyAlgorithm: 'RSA_2048' });
  unlisted = await createSubordinate(root, 'Partner unlisted');
  stranger = await createRoot('Stranger');
  sandbox = await Sandbox.deploy(attackedMesh({ partner: [root, issuing, rsaRoot] }));
});
afterAll(() => sandbox?.close());

/** A forgery by the partner's root, with the identity of the partner's client. */
const forged = (forgery: Partial<Forgery> = {}) => forge({ by: root, uris: [PARTNER_IDENTITY], ...forgery });

/** How an attack ended at the gateway, and what the authorizer says of the certificate without a gateway before it. */
async function outcome(credentials: Credentials): Promise<readonly unknown[]> {
  const { isConnected, status, seen } = await sendRaw(sandbox, request('/schedule'), { credentials });
  const callers = seen.map(({ clientName }) => clientName);
  const decision = await askAuthorizer(sandbox, authorizerEvent(sandbox, credentials.certificate));
  return [isConnected, status, callers, decision];
}
/** API Gateway closes the connection in the handshake: the sandbox's gateway stands in for it. The authorizer denies too. */
const refusedByBoth = (code: string) => [true, undefined, [], code];
const refusedByAuthorizer = (code: string) => [true, 403, [], code];
const accepted = [
  true,
  200,
  ['billing'],
  expect.objectContaining({ context: expect.objectContaining({ clientName: 'billing' }) }),
];

type Attack = [expected: readonly unknown[], credentials: () => Credentials | Promise<Credentials>];
const check = async ([expected, credentials]: Attack) => expect(await outcome(await credentials())).toEqual(expected);

const MAIL = `spiffe://${HOST}/mail`;
const DAY = 86_400_000;
const ago = (days: number) => new Date(Date.now() - days * DAY);
const without = (extnID: string) => (usual: readonly { readonly extnID: string }[]) =>
  usual.filter((extension) => extension.extnID !== extnID) as never;
const EXTENDED_KEY_USAGE = '2.5.29.37';
const ALTERNATIVE_NAMES = '2.5.29.17';

attacks<Attack>(
  'names in certificates of a partner',
  [
    ['of a client of the mesh', [refusedByAuthorizer('CERTIFICATE_UNKNOWN'), () => forged({ uris: [MAIL] })]],
    [
      'of a client of the mesh beside its own',
      [refusedByAuthorizer('IDENTITY_UNKNOWN'), () => forged({ uris: [PARTNER_IDENTITY, MAIL] })],
    ],
    ['none', [refusedByAuthorizer('IDENTITY_UNKNOWN'), () => forged({ uris: [] })]],
    ...[
      'spiffe://partner.example.com/shipping',
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
      `${PARTNER_IDENTITY}, URI:${MAIL}`,
      `x, URI:${PARTNER_IDENTITY}`,
    ].map(
      (uri): Shape<Attack> => [
        JSON.stringify(uri),
        [refusedByAuthorizer('IDENTITY_UNKNOWN'), () => forged({ uris: [uri] })],
      ],
    ),
    ...[
      [PARTNER_IDENTITY, 'spiffe://partner.example.com/shipping'],
      [PARTNER_IDENTITY, PARTNER_IDENTITY],
    ].map(
      (uris): Shape<Attack> => [uris.join(' and '), [refusedByAuthorizer('IDENTITY_UNKNOWN'), () => forged({ uris })]],
    ),
  ],
  check,
);

attacks<Attack>(
  'certificates of a partner that are not to be used, or not for this',
  [
    ['expired', [refusedByBoth('EXPIRED'), () => forged({ validity: { notBefore: ago(3), notAfter: ago(1) } })]],
    [
      'not valid yet',
      [refusedByBoth('NOT_YET_VALID'), () => forged({ validity: { notBefore: ago(-1), notAfter: ago(-3) } })],
    ],
    [
      'for servers only',
      [
        refusedByBoth('NOT_A_CLIENT_CERTIFICATE'),
        () => forged({ extensions: () => serverExtensions({ uris: [PARTNER_IDENTITY], dnsNames: [] }) }),
      ],
    ],
    [
      'without an extended key usage',
      [refusedByAuthorizer('NOT_A_CLIENT_CERTIFICATE'), () => forged({ extensions: without(EXTENDED_KEY_USAGE) })],
    ],
    [
      'for authorities, with the names of the client',
      [
        refusedByAuthorizer('NOT_A_CLIENT_CERTIFICATE'),
        () =>
          forged({
            extensions: (usual) => [
              ...subordinateAuthorityExtensions(0),
              ...usual.filter(({ extnID }) => !['2.5.29.19', '2.5.29.15'].includes(extnID)),
            ],
          }),
      ],
    ],
    [
      'of the root itself, used as a client',
      [
        refusedByAuthorizer('NOT_A_CLIENT_CERTIFICATE'),
        () => ({
          certificate: root.pem,
          certificateChain: '',
          privateKey: root.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
        }),
      ],
    ],
    [
      'of an issuing authority, used as a client',
      [
        refusedByAuthorizer('NOT_A_CLIENT_CERTIFICATE'),
        () => ({
          certificate: issuing.pem,
          certificateChain: '',
          privateKey: issuing.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
        }),
      ],
    ],
    [
      'with two extensions of alternative names, one of them of a client of the mesh',
      [
        refusedByBoth('NOT_A_CLIENT_CERTIFICATE'),
        () =>
          forged({
            extensions: (usual) => [
              ...usual,
              ...clientExtensions({ uris: [MAIL], dnsNames: [] }).filter(({ extnID }) => extnID === ALTERNATIVE_NAMES),
            ],
          }),
      ],
    ],
    [
      'with an unknown critical extension',
      [
        refusedByBoth('NOT_A_CLIENT_CERTIFICATE'),
        () => forged({ extensions: (usual) => [...usual, unknownExtension(true)] }),
      ],
    ],
  ],
  check,
);

attacks<Attack>(
  'weak certificates of a partner',
  [
    ['an RSA key of 1,024 bits', () => forged({ key: rsaKey(1024) })],
    ['an RSA key of 2,040 bits', () => forged({ key: rsaKey(2040) })],
    ['a signature with SHA-1 and ECDSA', () => forged({ weakHash: 'sha1' })],
    ['a signature with SHA-1 and RSA', () => forged({ by: rsaRoot, weakHash: 'sha1' })],
    ['a signature with MD5 and RSA', () => forged({ by: rsaRoot, weakHash: 'md5' })],
  ].map(([name, credentials]) => [name, [refusedByBoth('WEAK_CERTIFICATE'), credentials]]) as Shape<Attack>[],
  check,
);

attacks<Attack>(
  'certificates of a partner with keys that TLS 1.3 can’t use',
  ['secp256k1', 'P-224'].map(
    (curve): Shape<Attack> => [curve, [refusedByBoth('WEAK_CERTIFICATE'), () => forged({ key: ecKey(curve) })]],
  ),
  check,
);

attacks<Attack>(
  'chains of a partner',
  [
    ['of an authority that is not listed', [refusedByBoth('IDENTITY_UNKNOWN'), () => forged({ by: unlisted })]],
    [
      'of an authority that is not listed, up to the root',
      [refusedByBoth('IDENTITY_UNKNOWN'), () => forged({ by: unlisted, chain: unlisted.pem + root.pem })],
    ],
    ['of a stranger', [refusedByBoth('IDENTITY_UNKNOWN'), () => forged({ by: stranger })]],
    [
      'of a stranger, for a client of the mesh',
      [refusedByBoth('CERTIFICATE_UNKNOWN'), () => forged({ by: stranger, uris: [MAIL] })],
    ],
    [
      'of a stranger, with the partner’s chain',
      [refusedByBoth('IDENTITY_UNKNOWN'), () => forged({ by: stranger, chain: issuing.pem + root.pem })],
    ],
    [
      'of an authority with the name of the root',
      [refusedByBoth('IDENTITY_UNKNOWN'), async () => forged({ by: await createRoot('Partner') })],
    ],
    [
      'of an authority with the name of the root, and the real root',
      [refusedByBoth('IDENTITY_UNKNOWN'), async () => forged({ by: await createRoot('Partner'), chain: root.pem })],
    ],
    [
      'of a client’s certificate',
      [
        refusedByBoth('IDENTITY_UNKNOWN'),
        async () => {
          const { certificate, privateKey } = await authorityOf(forged());
          return forged({ by: { certificate, privateKey, signingAlgorithm: 'SHA256WITHECDSA' } });
        },
      ],
    ],
    [
      'of the name of the root with a client’s key',
      [
        refusedByBoth('IDENTITY_UNKNOWN'),
        async () => {
          const { privateKey } = await authorityOf(forged());
          return forged({ by: { certificate: root.certificate, privateKey, signingAlgorithm: 'SHA256WITHECDSA' } });
        },
      ],
    ],
    [
      'self-signed',
      [
        refusedByBoth('IDENTITY_UNKNOWN'),
        async () => {
          const privateKey = ecKey();
          const { certificate } = await createRoot('mail', { privateKey });
          const by = { certificate, privateKey, signingAlgorithm: 'SHA256WITHECDSA' } as const;
          return forged({ by, key: privateKey, chain: '' });
        },
      ],
    ],
  ],
  check,
);

async function authorityOf({ certificate, privateKey }: Credentials) {
  return { certificate: new X509Certificate(certificate), privateKey: createPrivateKey(privateKey) };
}

attacks<() => Credentials>(
  'odd certificates that are the partner’s client all the same',
  [
    ['of the root', () => forged()],
    ['of an issuing authority', () => forged({ by: issuing })],
    ['of an issuing authority, without its chain', () => forged({ by: issuing, chain: '' })],
    ['of an issuing authority, with the chain reversed', () => forged({ by: issuing, chain: root.pem + issuing.pem })],
    [
      'of an issuing authority, with strangers in the chain',
      () => forged({ by: issuing, chain: stranger.pem + issuing.pem + rsaRoot.pem + root.pem }),
    ],
    ['with the serial number 0', () => forged({ serialNumber: Uint8Array.of(0) })],
    ['with a negative serial number', () => forged({ serialNumber: Uint8Array.of(0x85) })],
    ['with a negative serial number of 20 octets', () => forged({ serialNumber: new Uint8Array(20).fill(0x85) })],
    ['with a serial number of 21 octets', () => forged({ serialNumber: new Uint8Array(21).fill(0x75) })],
    ['with a serial number of 200 octets', () => forged({ serialNumber: new Uint8Array(200).fill(0x75) })],
    [
      'with an unknown extension that is not critical',
      () => forged({ extensions: (usual) => [...usual, unknownExtension(false)] }),
    ],
  ],
  async (credentials) => expect(await outcome(credentials())).toEqual(accepted),
  'harmless',
);
