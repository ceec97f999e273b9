/** The identities in a certificate of another authority, in a canonical form for comparison. */
import type { X509Certificate } from 'node:crypto';
import { otherOpensslName } from './attribute-names';
import { isSpiffeId, spiffeIdOf } from './certificate-fields';

export const CERTIFICATE_IDENTITY_KINDS = ['SPIFFE_ID', 'SUBJECT', 'FINGERPRINT'] as const;
export type CertificateIdentityKind = (typeof CERTIFICATE_IDENTITY_KINDS)[number];

/** Valid only together with the authority that issued the certificate. */
export interface CertificateIdentity {
  readonly kind: CertificateIdentityKind;
  /** A SPIFFE ID, a subject in the string form of RFC 4514, or a SHA-256 fingerprint as in `ClientSecret`. */
  readonly value: string;
}

const LONGEST_SUBJECT = 2048;

/** The rule for its kind that the value violates. Undefined for a valid identity. */
export function identityProblem({ kind, value }: CertificateIdentity): string | undefined {
  switch (kind) {
    case 'SPIFFE_ID':
      return isSpiffeId(value) ? undefined : 'must be a SPIFFE ID, spiffe://<trust domain>/<path>';
    case 'SUBJECT':
      return subjectProblem(value);
    case 'FINGERPRINT':
      return /^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){31}$/.test(value)
        ? undefined
        : 'must be 32 hexadecimal pairs separated by colons, as `openssl x509 -noout -fingerprint -sha256` prints them';
  }
}

const SUBJECT_RULE = 'must be a subject as `openssl x509 -noout -subject -nameopt RFC2253` prints it after "subject="';

function subjectProblem(text: string): string | undefined {
  if (text.length > LONGEST_SUBJECT || canonicalSubject(text) === undefined) return SUBJECT_RULE;
  for (const [, type = ''] of text.matchAll(ATTRIBUTE)) {
    const name = otherOpensslName(type);
    if (name !== undefined) return `${SUBJECT_RULE}: ${name} instead of ${type}`;
    // OpenSSL prints the value of an attribute that it has no name for in hexadecimal.
    if (/^[0-9]/.test(type)) return `${SUBJECT_RULE}: an attribute without a name, such as ${type}, can't be compared`;
  }
  return undefined;
}

/** The identity in the canonical form that `identitiesOf` returns. An invalid identity stays unchanged. */
export function canonicalIdentity({ kind, value }: CertificateIdentity): CertificateIdentity {
  switch (kind) {
    case 'SPIFFE_ID':
      return { kind, value };
    case 'SUBJECT':
      return { kind, value: canonicalSubject(value) ?? value };
    case 'FINGERPRINT':
      return { kind, value: value.toUpperCase() };
  }
}

/** All identities of a certificate, each in its canonical form. */
export function identitiesOf(certificate: X509Certificate): readonly CertificateIdentity[] {
  const spiffeId = spiffeIdOf(certificate);
  const subject = subjectOf(certificate);
  return [
    { kind: 'FINGERPRINT', value: certificate.fingerprint256 },
    ...(subject === undefined ? [] : [{ kind: 'SUBJECT', value: subject } as const]),
    ...(spiffeId === undefined ? [] : [{ kind: 'SPIFFE_ID', value: spiffeId } as const]),
  ];
}

/**
 * The certificate's subject in the canonical form. Undefined if it is empty or has a part that isn't text.
 * Node.js prints one line for each relative name, the most general first, and puts ` + ` between its attributes:
 * https://nodejs.org/api/crypto.html#x509subject
 */
function subjectOf(certificate: X509Certificate): string | undefined {
  const subject: string | undefined = certificate.subject;
  const relativeNames = subject?.split('\n').map((line) => line.replaceAll(' + ', '+'));
  return relativeNames && canonicalSubject(relativeNames.reverse().join(','));
}

/** The names of attributes, exactly as OpenSSL prints them: `UID` and `uid` are different attributes. */
const TYPE = '[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:[.][0-9]+)+';
const ESCAPED = '\\\\(?:[ "#+,;<=>\\\\]|[0-9A-Fa-f]{2})';
/** U+FFFD replaces text in a certificate that can't be decoded. */
const plain = (without = '') => `[^"+,;<>\\\\\\p{Cc}\uFFFD${without}]`;
/**
 * A hash sign or a space must be escaped at the start of a value, and a space also at the end. OpenSSL doesn't escape a
 * hash sign that is the whole value.
 */
const VALUE = `(?![ #])(?:${plain()}|${ESCAPED})*(?:${plain(' ')}|${ESCAPED})|#(?=[,+]|$)`;
const ATTRIBUTE = new RegExp(`(${TYPE})=(${VALUE})(,|\\+|$)`, 'guy');

/**
 * The canonical form of a distinguished name in the string form of RFC 4514: every value is escaped in the same way,
 * and the attributes of a relative name are sorted. Undefined if the text isn't such a string, or has a hexadecimal
 * value.
 */
function canonicalSubject(text: string): string | undefined {
  const attributes = [...text.matchAll(ATTRIBUTE)];
  const last = attributes.at(-1)?.[3];
  if (last !== '' || attributes.map(([attribute]) => attribute).join('') !== text) return undefined;
  const relativeNames: string[][] = [[]];
  for (const [, type, written = '', separator] of attributes) {
    const value = unescaped(written);
    if (value === undefined) return undefined;
    relativeNames.at(-1)?.push(`${type}=${escaped(value)}`);
    if (separator === ',') relativeNames.push([]);
  }
  return relativeNames.map((parts) => parts.sort().join('+')).join(',');
}

/** Undefined if the octets are not UTF-8. */
function unescaped(written: string): string | undefined {
  const octets = [...written.matchAll(/\\([0-9A-Fa-f]{2})|\\?(.)/gsu)].map(([, hexadecimal, character = '']) =>
    hexadecimal === undefined ? Buffer.from(character) : Buffer.from(hexadecimal, 'hex'),
  );
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(octets));
  } catch {
    return undefined;
  }
}

function escaped(value: string): string {
  return value
    .replace(/["+,;<>\\]|^[ #]| $/g, '\\$&')
    .replace(/\p{Cc}/gu, (control) => Buffer.from(control).toString('hex').toUpperCase().replace(/../g, '\\$&'));
}
