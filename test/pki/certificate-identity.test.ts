import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { OTHER_NAMES } from '../../pki/attribute-names';
import { subjectText } from '../../pki/certificate-fields';
import {
  type CertificateIdentityKind,
  canonicalIdentity,
  identitiesOf,
  identityProblem,
} from '../../pki/certificate-identity';
import { describeWith } from '../programs';
import { type Authority, createClient, createPlain, createRoot } from './authorities';

const canonicalSubject = (value: string) => canonicalIdentity({ kind: 'SUBJECT', value }).value;
const identityOf = (certificate: X509Certificate, kind: CertificateIdentityKind) =>
  identitiesOf(certificate).find((identity) => identity.kind === kind)?.value;

describeWith('openssl')('as OpenSSL prints them', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'identity-'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' }).toString();
  /** A certificate of somebody else's making; `-subj` takes `/type=value`, with a plus sign between those of one name. */
  function certificate(subject: string): X509Certificate {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', 'key.pem'];
    openssl('req', '-x509', ...key, '-utf8', '-subj', subject, '-out', 'certificate.pem');
    return new X509Certificate(readFileSync(join(directory, 'certificate.pem')));
  }

  test.each([
    ['/CN=billing'],
    ['/C=DE/O=Partner, Inc./OU=Payments/CN=billing'],
    ['/O=M\u00fcller & S\u00f6hne \u682a\u5f0f\u4f1a\u793e \u{1f511}/CN=Gr\u00f6\u00dfe'],
    ['/O= leading and trailing /CN=#1'],
    ['/CN=a\\\\b"c;d<e>f=g'],
    ['/CN=plus\\+sign'],
    ['/DC=com/DC=example/UID=42/CN=billing'],
    ['/CN=billing/emailAddress=billing@example.com/serialNumber=7'],
    ['/O=Partner/OU=Payments+CN=billing+UID=7'],
    ['/CN=two\nlines'],
    ['/O=#/CN= '],
    ['/CN=CN=other,O=Partner'],
  ])('a subject is that of the certificate: %j', (subject) => {
    const shown = certificate(subject);
    const printed = openssl('x509', '-in', 'certificate.pem', '-noout', '-subject', '-nameopt', 'RFC2253')
      .replace(/^subject=/, '')
      .replace(/\n$/, '');

    expect(identityProblem({ kind: 'SUBJECT', value: printed })).toBeUndefined();
    expect(canonicalSubject(printed)).toBe(identityOf(shown, 'SUBJECT'));
  });

  test('attributes have the names that OpenSSL knows them by', () => {
    for (const [name, others] of Object.entries(OTHER_NAMES)) {
      for (const other of others.filter((type) => /^[0-9]|.{6}/.test(type))) {
        expect(certificate(`/${other}=DE`).subject).toBe(`${name}=DE`);
      }
    }
  });

  test('a fingerprint is that of the certificate', () => {
    const shown = certificate('/CN=billing');
    const printed = openssl('x509', '-in', 'certificate.pem', '-noout', '-fingerprint', '-sha256').trim();
    const value = printed.split('=')[1] ?? '';

    expect(identityProblem({ kind: 'FINGERPRINT', value })).toBeUndefined();
    expect(canonicalIdentity({ kind: 'FINGERPRINT', value: value.toLowerCase() }).value).toBe(
      identityOf(shown, 'FINGERPRINT'),
    );
  });

  test('a subject in the order that OpenSSL prints by itself is no subject here', () => {
    certificate('/C=DE/O=Partner/CN=billing');
    const printed = openssl('x509', '-in', 'certificate.pem', '-noout', '-subject')
      .replace(/^subject=/, '')
      .trim();

    expect(identityProblem({ kind: 'SUBJECT', value: printed })).toMatch(/-nameopt RFC2253/);
  });
});

describe('of a certificate', () => {
  let root: Authority;
  beforeAll(async () => {
    root = await createRoot('Partner Root');
  });

  test('there are fingerprint, subject and SPIFFE ID', async () => {
    const { certificate } = await createClient(root, 'billing', { uris: ['spiffe://partner.example.com/billing'] });

    expect(identitiesOf(certificate)).toEqual([
      { kind: 'FINGERPRINT', value: certificate.fingerprint256 },
      { kind: 'SUBJECT', value: 'CN=billing' },
      { kind: 'SPIFFE_ID', value: 'spiffe://partner.example.com/billing' },
    ]);
  });

  test('there is no SPIFFE ID where there are two, and none where there is none', async () => {
    const uris = ['spiffe://partner.example.com/billing', 'spiffe://partner.example.com/other'];
    for (const client of [
      await createClient(root, 'billing', { uris }),
      await createClient(root, 'billing', { uris: [] }),
    ]) {
      expect(identityOf(client.certificate, 'SPIFFE_ID')).toBeUndefined();
    }
  });

  test('a name cannot pass for another, whatever its value imitates', async () => {
    const part = fc.constantFrom('a', ',', '+', '=', 'CN=', ' + ', '\n', '\\', '"', ' ', '#', '\0', '\u00fc', '\\0A');
    const name = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(name, name, async (one, other) => {
        const subjects = await Promise.all(
          [one, other].map(async (text) => identityOf((await createClient(root, text)).certificate, 'SUBJECT')),
        );
        if (one === other) expect(subjects[0]).toBe(subjects[1]);
        else expect(subjects[0]).not.toBe(subjects[1]);
        // Each is a single name, in the form that a deployment can ask for.
        for (const value of subjects) {
          expect(value).toMatch(/^CN=/);
          expect(canonicalSubject(value ?? '')).toBe(value);
        }
      }),
      { numRuns: 100 },
    );
  });
});

test.each([
  ['CN=M\\C3\\BCller', 'CN=M\u00fcller'],
  ['CN=a\\2Cb', 'CN=a\\,b'],
  ['CN=\\61', 'CN=a'],
  ['UID=7+CN=a,O=b', 'CN=a+UID=7,O=b'],
])('one subject has one spelling: %s', (text, canonical) => {
  expect(canonicalSubject(text)).toBe(canonical);
});

test('attributes whose names differ in case are two: UID and uid', () => {
  expect(canonicalSubject('UID=7')).not.toBe(canonicalSubject('uid=7'));
});

test.each<[CertificateIdentityKind, string]>([
  ['SPIFFE_ID', ''],
  ['SPIFFE_ID', 'spiffe://partner.example.com'],
  ['SPIFFE_ID', 'spiffe://partner.example.com/'],
  ['SPIFFE_ID', 'spiffe://partner.example.com/billing/'],
  ['SPIFFE_ID', 'spiffe://partner.example.com/../billing'],
  ['SPIFFE_ID', 'spiffe://Partner.example.com/billing'],
  ['SPIFFE_ID', 'spiffe://partner.example.com/*'],
  ['SPIFFE_ID', 'spiffe://partner.example.com/billing\n'],
  ['SPIFFE_ID', 'https://partner.example.com/billing'],
  ['SUBJECT', ''],
  ['SUBJECT', 'billing'],
  ['SUBJECT', 'CN='],
  ['SUBJECT', '=billing'],
  ['SUBJECT', 'CN=billing,'],
  ['SUBJECT', ',CN=billing'],
  ['SUBJECT', 'CN=billing,,O=Partner'],
  ['SUBJECT', 'CN=billing, O=Partner'],
  ['SUBJECT', 'CN = billing'],
  ['SUBJECT', '/C=DE/CN=billing/'],
  ['SUBJECT', 'CN= billing'],
  ['SUBJECT', 'CN=billing '],
  ['SUBJECT', 'CN=billing\n'],
  ['SUBJECT', 'CN=billing\nO=Partner'],
  ['SUBJECT', 'CN="billing"'],
  ['SUBJECT', 'CN=bil\\ling'],
  ['SUBJECT', 'CN=billing\\'],
  ['SUBJECT', 'CN=\\C3'],
  ['SUBJECT', '1.2.3.4=#0C0161'],
  ['SUBJECT', 'CN=billing,1.2.3.4=a'],
  ['SUBJECT', 'CN=\uFFFD'],
  ['FINGERPRINT', ''],
  ['FINGERPRINT', 'AB:CD'],
  ['FINGERPRINT', 'AB'.repeat(32)],
  ['FINGERPRINT', Array(33).fill('AB').join(':')],
  ['FINGERPRINT', Array(32).fill('XY').join(':')],
  ['FINGERPRINT', `${Array(32).fill('AB').join(':')}\n`],
])('%s can\u2019t be %j', (kind, value) => {
  expect(identityProblem({ kind, value })).toMatch(/^must be /);
});

test.each([
  ['CN=billing,2.5.4.97=NTRDE-1', 'organizationIdentifier instead of 2.5.4.97'],
  ['commonName=billing', 'CN instead of commonName'],
  ['cn=billing,o=Partner', 'CN instead of cn'],
  ['EMAILADDRESS=a@example.com,CN=billing', 'emailAddress instead of EMAILADDRESS'],
  ['CN=billing,S=Bavaria,C=DE', 'ST instead of S'],
  ['Uid=7', 'UID instead of Uid'],
  ['CN=billing,1.2.3.4=a', "an attribute without a name, such as 1.2.3.4, can't be compared"],
])('the subject %j would never be that of a certificate: %s', (value, reason) => {
  expect(identityProblem({ kind: 'SUBJECT', value })).toBe(
    `must be a subject as \`openssl x509 -noout -subject -nameopt RFC2253\` prints it after "subject=": ${reason}`,
  );
});

test.each([
  ['SPIFFE_ID', 'spiffe://partner.example.com/'],
  ['SUBJECT', 'CN='],
] as const)('%s has at most 2048 characters', (kind, start) => {
  expect(identityProblem({ kind, value: start.padEnd(2048, 'x') })).toBeUndefined();
  expect(identityProblem({ kind, value: start.padEnd(2049, 'x') })).toMatch(/^must be /);
});

test.each([
  ['CN=a b', 'CN=a b'],
  ['CN=a\\20b', 'CN=a b'],
  ['CN=a#b', 'CN=a#b'],
  ['CN=\\#a', 'CN=\\#a'],
  ['CN=a\\ ', 'CN=a\\ '],
  ['CN=a\\0ab', 'CN=a\\0Ab'],
  ['CN=a\\c3\\bcb', 'CN=a\u00fcb'],
  ['CN=\\ef\\bb\\bfa', 'CN=\ufeffa'],
])('the subject %j is compared as %j', (written, canonical) => {
  expect(identityProblem({ kind: 'SUBJECT', value: written })).toBeUndefined();
  expect(canonicalSubject(written)).toBe(canonical);
});

test('octets that are not UTF-8 are no subject', () => {
  expect(identityProblem({ kind: 'SUBJECT', value: 'CN=a\\ff' })).toMatch(/^must be a subject/);
});

test('a SPIFFE ID is compared as it is', () => {
  const identity = { kind: 'SPIFFE_ID', value: 'spiffe://example.com/Mail' } as const;
  expect(canonicalIdentity(identity)).toEqual(identity);
});

test('a certificate without a SPIFFE ID or a subject has no such identity', async () => {
  const root = await createRoot('Root');
  const { certificate } = await createClient(root, 'mail', { uris: [] });
  const fingerprint = { kind: 'FINGERPRINT', value: certificate.fingerprint256 };
  expect(identitiesOf(certificate)).toEqual([fingerprint, { kind: 'SUBJECT', value: 'CN=mail' }]);

  const { certificate: nameless } = await createPlain(root, undefined, root.privateKey);
  expect(identitiesOf(nameless)).toEqual([{ kind: 'FINGERPRINT', value: nameless.fingerprint256 }]);
  expect(subjectText(nameless)).toBe('(no name)');
});
