import { execFileSync } from 'node:child_process';
import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BasicConstraints,
  type Extension,
  id_ce_basicConstraints,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  KeyUsage,
  KeyUsageFlags,
  NameConstraints,
} from '@peculiar/asn1-x509';
import { Clock } from '../../../../sandbox/clock';
import type { AcmPcaService } from '../../../../sandbox/services/acm-pca';
import { encodedSubjectOf, extension, randomSerialNumber, signCertificate } from '../../../../sandbox/x509/certificate';
import { readCertificateSigningRequest } from '../../../../sandbox/x509/certificate-signing-request';
import { encodeDistinguishedName } from '../../../../sandbox/x509/names';
import { rootAuthorityExtensions, subordinateAuthorityExtensions } from '../../../../sandbox/x509/profiles';
import { testWith } from '../../../programs';
import { requestFor, resourceType } from '../resource-request';
import { newKey, pendingAuthority, requestOf, startAcmPca } from './hierarchy';

const DAY = 24 * 60 * 60 * 1000;

let clock: Clock;
let service: AcmPcaService;

beforeEach(() => {
  clock = new Clock();
  ({ service } = startAcmPca(clock));
});

afterEach(() => clock.close());

/** An authority that ACM PCA knows nothing of. */
interface ExternalAuthority {
  readonly key: KeyObject;
  /** The authority's own first, the root's last. */
  readonly chain: readonly string[];
}

interface Certified {
  readonly publicKey: KeyObject;
  readonly name: string;
  readonly extensions: readonly Extension[];
  readonly days?: readonly [from: number, to: number];
}

function certify(
  signer: { readonly key: KeyObject; readonly chain: readonly string[] },
  { publicKey, name, extensions, days: [from, to] = [-1, 365] }: Certified,
): string {
  const subject = encodeDistinguishedName({ commonName: name });
  const at = (days: number) => new Date(clock.now().getTime() + days * DAY);
  const issuer = signer.chain[0] === undefined ? subject : encodedSubjectOf(new X509Certificate(signer.chain[0]));
  const pem = signCertificate({
    serialNumber: randomSerialNumber(),
    subject,
    issuer,
    notBefore: at(from),
    notAfter: at(to),
    publicKey,
    extensions,
    signingKey: signer.key,
    signingAlgorithm: 'SHA256WITHECDSA',
  });
  return pem.trim();
}

function externalRoot(extensions: readonly Extension[] = rootAuthorityExtensions()): ExternalAuthority {
  const key = newKey();
  const self = { publicKey: createPublicKey(key), name: 'External Root', extensions };
  return { key, chain: [certify({ key, chain: [] }, self)] };
}

function below(parent: ExternalAuthority, extensions: readonly Extension[]): ExternalAuthority {
  const key = newKey();
  const certificate = certify(parent, { publicKey: createPublicKey(key), name: 'External Subordinate', extensions });
  return { key, chain: [certificate, ...parent.chain] };
}

async function pending(properties: object = {}) {
  const subordinate = { Type: 'SUBORDINATE', Subject: { CommonName: 'Issuing' }, ...properties };
  const { physicalId, attributes } = await pendingAuthority(service, subordinate);
  const { publicKey } = readCertificateSigningRequest(String(attributes.CertificateSigningRequest));
  return { arn: physicalId, publicKey };
}

const activate = (CertificateAuthorityArn: string, Certificate: string, chain: readonly string[]) =>
  resourceType(service, 'AWS::ACMPCA::CertificateAuthorityActivation').create(
    requestFor({ CertificateAuthorityArn, Certificate, CertificateChain: chain.join('\n') }),
  );

/** What the activation of a subordinate says whose certificate is changed, or whose chain is. */
async function outcome(
  parent: ExternalAuthority,
  changed: Partial<Certified> & { readonly chain?: readonly string[] } = {},
): Promise<string> {
  const { arn, publicKey } = await pending();
  const { chain = parent.chain, ...more } = changed;
  const extensions = subordinateAuthorityExtensions(0);
  const certificate = certify(parent, { publicKey, name: 'Issuing', extensions, ...more });
  return activate(arn, certificate, chain).then(
    () => 'activated',
    ({ name }: Error) => name,
  );
}

const MALFORMED = 'MalformedCertificateException';
const MISMATCH = 'CertificateMismatchException';

test('a subordinate with a certificate of an external authority issues certificates', async () => {
  const parent = below(externalRoot(), subordinateAuthorityExtensions(1));
  const { arn, publicKey } = await pending({ UsageMode: 'SHORT_LIVED_CERTIFICATE' });
  const certificate = certify(parent, { publicKey, name: 'Issuing', extensions: subordinateAuthorityExtensions(0) });
  const { attributes } = await activate(arn, certificate, parent.chain);
  expect(attributes.CompleteCertificateChain).toBe([certificate, ...parent.chain].join('\n'));
  const issued = await resourceType(service, 'AWS::ACMPCA::Certificate').create(
    requestFor({
      CertificateAuthorityArn: arn,
      CertificateSigningRequest: requestOf(newKey(), 'mail').toString(),
      SigningAlgorithm: 'SHA256WITHECDSA',
      Validity: { Type: 'DAYS', Value: 7 },
    }),
  );
  const leaf = new X509Certificate(String(issued.attributes.Certificate));
  const issuer = new X509Certificate(certificate);
  expect(leaf.checkIssued(issuer) && leaf.verify(issuer.publicKey)).toBe(true);
});

describe('the certificate of a subordinate is refused', () => {
  const withUsage = (usage: number) => [
    extension(id_ce_basicConstraints, new BasicConstraints({ cA: true }), true),
    extension(id_ce_keyUsage, new KeyUsage(usage), true),
  ];
  const certSign = extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.keyCertSign), true);

  test.each<[string, Partial<Certified>, string]>([
    ['for another key', { publicKey: createPublicKey(newKey()) }, MISMATCH],
    [
      'without CA:TRUE',
      { extensions: [extension(id_ce_basicConstraints, new BasicConstraints(), true), certSign] },
      MALFORMED,
    ],
    ['without basic constraints', { extensions: [certSign] }, MALFORMED],
    [
      'with basic constraints that are not critical',
      { extensions: [extension(id_ce_basicConstraints, new BasicConstraints({ cA: true })), certSign] },
      MALFORMED,
    ],
    [
      'without keyCertSign',
      { extensions: withUsage(KeyUsageFlags.digitalSignature | KeyUsageFlags.cRLSign) },
      MALFORMED,
    ],
    [
      'with critical name constraints',
      { extensions: [...rootAuthorityExtensions(), extension(id_ce_nameConstraints, new NameConstraints(), true)] },
      MALFORMED,
    ],
    ['that has expired', { days: [-2, -1] }, MISMATCH],
    ['that is not valid yet', { days: [1, 2] }, MISMATCH],
  ])('%s', async (_, changed, expected) => {
    const root = externalRoot();
    expect(await outcome(root)).toBe('activated');
    expect(await outcome(root, changed)).toBe(expected);
  });

  test('beyond the path length of an authority above it', async () => {
    expect(await outcome(externalRoot(subordinateAuthorityExtensions(0)))).toBe(MISMATCH);
    expect(await outcome(externalRoot(subordinateAuthorityExtensions(1)))).toBe('activated');
    const short = below(externalRoot(subordinateAuthorityExtensions(1)), subordinateAuthorityExtensions(1));
    expect(await outcome(short)).toBe(MISMATCH);
    const long = below(externalRoot(subordinateAuthorityExtensions(2)), subordinateAuthorityExtensions(1));
    expect(await outcome(long)).toBe('activated');
  });

  test('with a chain that is not the one of its issuer, or not complete, or out of order', async () => {
    const root = externalRoot();
    const parent = below(root, subordinateAuthorityExtensions(1));
    const [own = '', top = ''] = parent.chain;
    expect(await outcome(parent)).toBe('activated');
    expect(await outcome(parent, { chain: externalRoot().chain })).toBe(MISMATCH);
    expect(await outcome(parent, { chain: [own] })).toBe(MISMATCH);
    expect(await outcome(parent, { chain: [top] })).toBe(MISMATCH);
    expect(await outcome(parent, { chain: [top, own] })).toBe(MISMATCH);
    expect(await outcome(parent, { chain: [own, top, ...externalRoot().chain] })).toBe(MISMATCH);
    expect(await outcome(parent, { chain: [] })).toMatch(MALFORMED);
  });

  test('by an issuer of the same name with another key', async () => {
    const root = externalRoot();
    expect(await outcome({ key: newKey(), chain: root.chain })).toBe(MISMATCH);
  });

  test('in its own chain, or signed by itself', async () => {
    const root = externalRoot();
    const { arn, publicKey } = await pending();
    const certificate = certify(root, { publicKey, name: 'Issuing', extensions: subordinateAuthorityExtensions(0) });
    await expect(activate(arn, certificate, [certificate, ...root.chain])).rejects.toMatchObject({ name: MALFORMED });
    await expect(activate(arn, certificate, [certificate])).rejects.toMatchObject({ name: MALFORMED });
    await activate(arn, certificate, root.chain);
  });
});

testWith('openssl')('openssl can be the external authority', async () => {
  const { attributes, physicalId } = await pendingAuthority(service, { Type: 'SUBORDINATE' });
  const directory = mkdtempSync(join(tmpdir(), 'parent-'));
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { cwd: directory, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    writeFileSync(join(directory, 'request.pem'), String(attributes.CertificateSigningRequest));
    const authority = 'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n';
    writeFileSync(join(directory, 'extensions'), authority);
    const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', 'key.pem'];
    const usage = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
    const root = openssl('req', '-x509', ...key, '-subj', '/CN=External', '-days', '30', ...usage);
    writeFileSync(join(directory, 'root.pem'), root);
    const signer = ['-CA', 'root.pem', '-CAkey', 'key.pem', '-CAcreateserial', '-days', '20'];
    const certificate = openssl('x509', '-req', '-in', 'request.pem', ...signer, '-extfile', 'extensions');
    await clock.advance(1000);
    await activate(physicalId, certificate, [root]);
    await expect(activate(physicalId, certificate, [])).rejects.toThrow('CertificateChain');
  } finally {
    rmSync(directory, { recursive: true });
  }
});
