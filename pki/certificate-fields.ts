/** The fields of a certificate, read only with `node:crypto`. */
import type { X509Certificate } from 'node:crypto';

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

/** SPIFFE-ID specification, section 2; the path is not empty in an end-entity certificate (X509-SVID, section 4.1). */
const SPIFFE_ID = /^spiffe:\/\/[a-z0-9._-]+(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)+$/;
/** Longest SPIFFE ID: SPIFFE-ID specification, section 2.3. */
const LONGEST_SPIFFE_ID = 2048;

/** Whether the text is the SPIFFE ID of a workload, in any trust domain. */
export function isSpiffeId(text: string): boolean {
  return text.length <= LONGEST_SPIFFE_ID && SPIFFE_ID.test(text);
}

/**
 * The certificate's SPIFFE ID: the only URI among its subject alternative names, which may include names of other
 * kinds. Undefined if there is no URI, more than one, or one that isn't a SPIFFE ID.
 */
export function spiffeIdOf(certificate: X509Certificate): string | undefined {
  const [id, ...others] = urisOf(certificate);
  return id !== undefined && others.length === 0 && isSpiffeId(id) ? id : undefined;
}

/** Whether the subject alternative names include a URI. */
export function hasUri(certificate: X509Certificate): boolean {
  return urisOf(certificate).length > 0;
}

function urisOf(certificate: X509Certificate): string[] {
  return alternativeNames(certificate)
    .filter((name) => name.startsWith('URI:'))
    .map((name) => name.slice('URI:'.length));
}

/**
 * Node.js prints `URI:a, DNS:b`. It writes a value with commas, quotes, or unprintable characters as a JSON string:
 * https://nodejs.org/api/crypto.html#x509subjectaltname
 */
function alternativeNames(certificate: X509Certificate): string[] {
  const names = certificate.subjectAltName?.match(/(?:"(?:[^"\\]|\\.)*"|[^,"])+/g) ?? [];
  // Only the space after a comma is not the name's own.
  return names.map((name, index) => (index === 0 ? name : name.replace(/^ /, '')));
}

/** Whether this is an end-entity certificate that may authenticate a TLS client. */
export function isClientCertificate(certificate: X509Certificate): boolean {
  // `keyUsage` is the name that Node.js uses for the extended key usage. Undefined without that extension.
  const purposes: readonly string[] | undefined = certificate.keyUsage;
  return !certificate.ca && purposes?.includes(CLIENT_AUTH) === true;
}

export function notBeforeOf(certificate: X509Certificate): Date {
  return new Date(certificate.validFrom);
}

export function notAfterOf(certificate: X509Certificate): Date {
  return new Date(certificate.validTo);
}

/**
 * The same text for subjects that a verifier may take for the same: OpenSSL ignores the case, repeated spaces, and the string
 * type of an attribute when it compares names (RFC 5280, section 7.1).
 */
export function subjectKey(certificate: X509Certificate): string {
  const subject: string | undefined = certificate.subject;
  return (subject ?? '').toLowerCase().replace(/[^\S\n]+/g, ' ');
}

/** The subject on one line, for display: `C=DE, O=Example, CN=mail`. */
export function subjectText(certificate: X509Certificate): string {
  return nameText(certificate.subject);
}

/** The issuer on one line, for display. */
export function issuerText(certificate: X509Certificate): string {
  return nameText(certificate.issuer);
}

/** Node.js returns one line for each part of a name, and undefined for an empty name. */
function nameText(name: string | undefined): string {
  return name?.split('\n').join(', ') ?? '(no name)';
}
