/** Whatever certificate is signed, independent parsers read the fields that were asked for. */
import 'reflect-metadata';
import { createHash, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import fc from 'fast-check';
import {
  signClientCertificate,
  signRootCertificate,
  signSubordinateCertificate,
} from '../../../pki/certificate-signing';
import { generatePrivateKey, type KeyAlgorithm } from '../../../pki/keys';
import { type DistinguishedName, encodeDistinguishedName } from '../../../pki/names';
import { testWith } from '../../programs';
import { createSigner, type LocalSigner } from '../local-signer';
import { Files, goJudge, javaJudge, run } from './programs';

const { signal } = new AbortController();

/** What a parser reads. */
interface Fields {
  /** Hexadecimal, without zeros in front. */
  readonly serialNumber: string;
  /** Object identifiers and values, in order. */
  readonly issuer: readonly (readonly [string, string])[];
  readonly subject: readonly (readonly [string, string])[];
  /** ISO 8601, without fractions. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** SubjectPublicKeyInfo, hexadecimal. */
  readonly publicKey: string;
  readonly isAuthority: boolean;
  readonly pathLength?: number;
  /** The first bit of RFC 5280 is the lowest. */
  readonly keyUsage: number;
  readonly isForClients: boolean;
  readonly uris: readonly string[];
  readonly dnsNames: readonly string[];
  /** Hexadecimal. */
  readonly subjectKeyIdentifier: string;
  readonly authorityKeyIdentifier: string;
  readonly crlAddresses: readonly string[];
  /** Object identifiers, with ` critical`, in order. */
  readonly extensions: readonly string[];
}

interface Signed {
  readonly pem: string;
  readonly expected: Fields;
}

interface Wish {
  readonly kind: 'root' | 'subordinate' | 'client';
  readonly issuer: KeyAlgorithm;
  readonly holder: KeyAlgorithm;
  readonly subject: DistinguishedName;
  readonly issuerName: DistinguishedName;
  readonly pathLength: number;
  readonly path: readonly string[];
  readonly dnsNames: readonly string[];
  readonly serialNumber: string;
  readonly crlAddress: string | undefined;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

const ALGORITHMS: readonly KeyAlgorithm[] = ['EC_prime256v1', 'EC_secp384r1', 'RSA_2048'];
const signers = new Map<KeyAlgorithm, LocalSigner>();
const holders = new Map<KeyAlgorithm, KeyObject>();
let files: Files;

beforeAll(async () => {
  files = new Files();
  for (const algorithm of ALGORITHMS) {
    signers.set(algorithm, await createSigner(algorithm));
    holders.set(algorithm, createPublicKey(await generatePrivateKey(algorithm)));
  }
});
afterAll(() => files.remove());

const accepts = (check: () => unknown) => {
  try {
    check();
    return true;
  } catch {
    return false;
  }
};
const text = (maxLength: number) =>
  fc
    .string({ unit: 'binary', minLength: 1, maxLength })
    .filter((commonName) => accepts(() => encodeDistinguishedName({ commonName })));
const name: fc.Arbitrary<DistinguishedName> = fc.record(
  {
    commonName: fc.oneof(text(64), fc.stringMatching(/^[A-Za-z][A-Za-z0-9 ,+"\\<>;=#]{0,30}[a-z]$/)),
    organization: text(64),
    organizationalUnit: text(64),
    country: fc.stringMatching(/^[A-Z]{2}$/),
    state: text(64),
    locality: text(64),
  },
  { requiredKeys: ['commonName'] },
);
const wholeSecond = (min: string, max: string) =>
  fc
    .date({ min: new Date(min), max: new Date(max), noInvalidDate: true })
    .map((date) => new Date(Math.floor(date.getTime() / 1000) * 1000));
const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,20}[a-z0-9])?$/);
const wish: fc.Arbitrary<Wish> = fc.record({
  kind: fc.constantFrom('root', 'subordinate', 'client'),
  issuer: fc.constantFrom(...ALGORITHMS),
  holder: fc.constantFrom(...ALGORITHMS),
  subject: name,
  issuerName: name,
  pathLength: fc.integer({ min: 0, max: 1000 }),
  path: fc.array(fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/), { minLength: 1, maxLength: 4 }),
  dnsNames: fc.array(
    fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.')),
    { maxLength: 3 },
  ),
  serialNumber: fc.bigInt({ min: 1n, max: (1n << 159n) - 1n }).map((value) => value.toString(16)),
  crlAddress: fc.option(
    label.map((host) => `http://${host}.example.com/list.crl`),
    { nil: undefined },
  ),
  notBefore: wholeSecond('1950-01-01T00:00:00Z', '2049-12-31T23:59:59Z'),
  notAfter: wholeSecond('2050-01-01T00:00:00Z', '9999-12-31T23:59:59Z'),
});

async function sign(wish: Wish): Promise<Signed> {
  const { kind, subject, issuerName, pathLength, path, dnsNames, serialNumber, crlAddress, notBefore, notAfter } = wish;
  const signer = signers.get(wish.issuer) as LocalSigner;
  const rootValidity = { notBefore: new Date('1950-01-01T00:00:00Z'), notAfter: new Date('9999-12-31T23:59:59Z') };
  const root = await signRootCertificate(
    kind === 'root'
      ? { subject, pathLength, notBefore, notAfter }
      : { subject: { ...issuerName, commonName: `${issuerName.commonName.slice(0, 60)} CA` }, ...rootValidity },
    signer,
    signal,
  );
  const [issuer, publicKey] = [new X509Certificate(root), holders.get(wish.holder) as KeyObject];
  const usual = { issuer, publicKey, crlAddress, notBefore, notAfter };
  const spiffeId = `spiffe://example.com/${path.join('/')}`;
  const { commonName } = subject;
  const pem =
    kind === 'root'
      ? root
      : kind === 'subordinate'
        ? await signSubordinateCertificate({ ...usual, subject, pathLength }, signer, signal)
        : await signClientCertificate({ ...usual, commonName, spiffeId, dnsNames, serialNumber }, signer, signal);
  const key = kind === 'root' ? signer.publicKey : publicKey;
  const isClient = kind === 'client';
  const address = kind === 'root' ? undefined : crlAddress;
  return {
    pem,
    expected: {
      serialNumber: isClient ? serialNumber : new X509Certificate(pem).serialNumber.replace(/^0+/, '').toLowerCase(),
      issuer: kind === 'root' ? attributesOf(subject) : attributesIn(issuer.raw),
      subject: attributesOf(isClient ? { commonName } : subject),
      notBefore: isoOf(notBefore),
      notAfter: isoOf(notAfter),
      publicKey: spkiOf(key).toString('hex'),
      isAuthority: !isClient,
      ...(!isClient && { pathLength }),
      keyUsage: isClient ? 0b101 : 0b1100000,
      isForClients: isClient,
      uris: isClient ? [spiffeId] : [],
      dnsNames: isClient ? dnsNames : [],
      subjectKeyIdentifier: keyIdentifier(key),
      authorityKeyIdentifier: keyIdentifier(signer.publicKey),
      crlAddresses: address === undefined ? [] : [address],
      extensions: [
        ...(isClient
          ? ['2.5.29.17', '2.5.29.19', '2.5.29.15 critical', '2.5.29.37']
          : ['2.5.29.19 critical', '2.5.29.15 critical']),
        ...['2.5.29.14', '2.5.29.35'],
        ...(address === undefined ? [] : ['2.5.29.31']),
      ],
    },
  };
}

const TYPES = [
  ['country', '2.5.4.6', 'C'],
  ['organization', '2.5.4.10', 'O'],
  ['organizationalUnit', '2.5.4.11', 'OU'],
  ['state', '2.5.4.8', 'ST'],
  ['commonName', '2.5.4.3', 'CN'],
  ['locality', '2.5.4.7', 'L'],
] as const;

function attributesOf(name: DistinguishedName): readonly (readonly [string, string])[] {
  return TYPES.flatMap(([field, type]) => (name[field] === undefined ? [] : [[type, name[field]] as const]));
}

/** Of the root above a certificate, by its subject as Node.js reads it. */
function attributesIn(root: Uint8Array): readonly (readonly [string, string])[] {
  const { subject } = new X509Certificate(root).toLegacyObject() as unknown as Record<string, Record<string, string>>;
  return TYPES.flatMap(([, type, short]) => (subject?.[short] === undefined ? [] : [[type, subject[short]] as const]));
}

const isoOf = (time: Date) => time.toISOString().replace('.000', '');
const spkiOf = (key: KeyObject) => key.export({ format: 'der', type: 'spki' });
/** The BIT STRING is the last part of the structure. RSA keys have a header of 24 octets, P-256 of 26, and P-384 of 23. */
const HEADERS: Readonly<Record<number, number>> = { 294: 24, 91: 26, 120: 23 };
function keyIdentifier(key: KeyObject): string {
  const info = spkiOf(key);
  return createHash('sha1').update(info.subarray(HEADERS[info.length])).digest('hex');
}

/** Signs any certificates, and compares what the parser reads in them with what was asked for. */
function assertReads(read: (pems: readonly string[]) => readonly Partial<Fields>[], runs: number): Promise<void> {
  return fc.assert(
    fc.asyncProperty(fc.array(wish, { minLength: 25, maxLength: 25 }), async (wishes) => {
      const signed = await Promise.all(wishes.map(sign));
      const fields = read(signed.map(({ pem }) => pem));
      expect(fields).toHaveLength(signed.length);
      for (const [index, { expected }] of signed.entries()) expect(expected).toMatchObject(fields[index] as object);
    }),
    // A program starts for every attempt to find a smaller example.
    { numRuns: runs, endOnFailure: true },
  );
}

test('@peculiar/x509 reads the fields of any certificate', async () => {
  await assertReads((pems) => pems.map(readWithPeculiar), 4);
});

test('Node.js, with OpenSSL, reads the fields of any certificate', async () => {
  await assertReads((pems) => pems.map(readWithNode), 4);
});

testWith('go')('crypto/x509 of Go reads the fields of any certificate', async () => {
  const judge = goJudge(files);
  await assertReads((pems) => readWith(judge, pems), 4);
});

testWith('javac')('java.security.cert reads the fields of any certificate', async () => {
  const judge = javaJudge(files);
  await assertReads(
    (pems) =>
      readWith(judge, pems).map((fields) => ({
        ...fields,
        // Java has no order of extensions.
        extensions: expect.arrayContaining([...(fields.extensions ?? [])]),
      })),
    4,
  );
});

function readWith(judge: readonly [string, ...string[]], pems: readonly string[]): readonly Partial<Fields>[] {
  const [program, ...options] = judge;
  const paths = pems.map((pem, index) => files.write(`${index}.pem`, pem));
  const { status, text, stdout } = run(program, ...options, 'fields', ...paths);
  if (status !== 0) throw new Error(text);
  return JSON.parse(stdout);
}

function readWithNode(pem: string): Partial<Fields> {
  const certificate = new X509Certificate(pem);
  const names = certificate.subjectAltName?.split(', ') ?? [];
  const valuesOf = (kind: string) => names.filter((one) => one.startsWith(kind)).map((one) => one.slice(kind.length));
  return {
    serialNumber: certificate.serialNumber.replace(/^0+/, '').toLowerCase(),
    subject: attributesIn(certificate.raw),
    notBefore: isoOf(new Date(certificate.validFrom)),
    notAfter: isoOf(new Date(certificate.validTo)),
    publicKey: spkiOf(certificate.publicKey).toString('hex'),
    isAuthority: certificate.ca,
    isForClients: certificate.keyUsage?.includes('1.3.6.1.5.5.7.3.2') ?? false,
    uris: valuesOf('URI:'),
    dnsNames: valuesOf('DNS:'),
  };
}

function readWithPeculiar(pem: string): Partial<Fields> {
  const certificate = new x509.X509Certificate(pem);
  const constraints = certificate.getExtension(x509.BasicConstraintsExtension);
  const names = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.toJSON() ?? [];
  const valuesOf = (kind: string) => names.filter(({ type }) => type === kind).map(({ value }) => value);
  const attributes = (name: x509.Name) =>
    name.toJSON().flatMap((part) =>
      Object.entries(part).map(([short, values]): readonly [string, string] => {
        const [, type = short] = TYPES.find(([, , one]) => one === short) ?? [];
        return [type, String(values[0])];
      }),
    );
  return {
    serialNumber: certificate.serialNumber.replace(/^0+/, ''),
    issuer: attributes(certificate.issuerName),
    subject: attributes(certificate.subjectName),
    notBefore: isoOf(certificate.notBefore),
    notAfter: isoOf(certificate.notAfter),
    publicKey: Buffer.from(certificate.publicKey.rawData).toString('hex'),
    isAuthority: constraints?.ca ?? false,
    ...(constraints?.pathLength !== undefined && { pathLength: constraints.pathLength }),
    keyUsage: certificate.getExtension(x509.KeyUsagesExtension)?.usages,
    isForClients:
      certificate.getExtension(x509.ExtendedKeyUsageExtension)?.usages.includes(x509.ExtendedKeyUsage.clientAuth) ??
      false,
    uris: valuesOf('url'),
    dnsNames: valuesOf('dns'),
    subjectKeyIdentifier: certificate.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId,
    authorityKeyIdentifier: certificate.getExtension(x509.AuthorityKeyIdentifierExtension)?.keyId,
    crlAddresses:
      certificate
        .getExtension(x509.CRLDistributionPointsExtension)
        ?.distributionPoints.map((point) =>
          String(point.distributionPoint?.fullName?.[0]?.uniformResourceIdentifier),
        ) ?? [],
    extensions: certificate.extensions.map(({ type, critical }) => (critical ? `${type} critical` : type)),
  };
}
