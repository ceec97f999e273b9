/** Writes PKCS#12 (RFC 7292), which Java, Windows, browsers, and curl read. */
import { createHash, createHmac, type KeyObject, randomBytes, type X509Certificate } from 'node:crypto';
import { der, derInteger, derObjectIdentifier, Tag } from './der';

/** The password can't protect the store. */
export class StorePasswordError extends Error {
  override readonly name = 'StorePasswordError';
}

const DATA = derObjectIdentifier('1.2.840.113549.1.7.1');
const SHA_256 = derObjectIdentifier('2.16.840.1.101.3.4.2.1');
const SHROUDED_KEY_BAG = derObjectIdentifier('1.2.840.113549.1.12.10.1.2');
const CERTIFICATE_BAG = derObjectIdentifier('1.2.840.113549.1.12.10.1.3');
const X509_CERTIFICATE = derObjectIdentifier('1.2.840.113549.1.9.22.1');
const FRIENDLY_NAME = derObjectIdentifier('1.2.840.113549.1.9.20');
const LOCAL_KEY_ID = derObjectIdentifier('1.2.840.113549.1.9.21');
/** Oracle's `trustedKeyUsage`. Java ignores certificates without a key that don't have it (`PKCS12KeyStore.java`). */
const TRUSTED_KEY_USAGE = derObjectIdentifier('2.16.840.1.113894.746875.1.1');
const ANY_EXTENDED_KEY_USAGE = derObjectIdentifier('2.5.29.37.0');

/** Of the password for the MAC, as Java does by default. */
const MAC_ITERATIONS = 10_000;
/** The block of SHA-256 and its result, in octets. */
const [BLOCK, DIGEST] = [64, 32];

export interface KeyStoreEntry {
  /** The alias in Java, the nickname in NSS. ASCII. */
  readonly name: string;
  readonly privateKey: KeyObject;
  readonly certificate: X509Certificate;
  /** The issuing authority first. */
  readonly authorities: readonly X509Certificate[];
}

/**
 * A key with its certificate and chain. The key is encrypted with AES-256, with a key that PBKDF2 derives from the password
 * (PBES2, RFC 8018). The certificates are in clear text, since they are public. HMAC-SHA-256 protects both from changes. Read
 * by OpenSSL 1.1, Java 8u301 and 11.0.12, NSS, and Windows 10, or later.
 *
 * @throws StorePasswordError
 */
export function encodeKeyStore(
  { name, privateKey, certificate, authorities }: KeyStoreEntry,
  password: string,
): Buffer {
  assertStorePassword(password);
  const key = privateKey.export({ format: 'der', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: password });
  const keyId = createHash('sha256').update(certificate.raw).digest();
  const attributes = [friendlyName(name), attribute(LOCAL_KEY_ID, der(Tag.octetString, keyId))];
  return encodeStore(
    [
      bag(SHROUDED_KEY_BAG, key, attributes),
      certificateBag(certificate, attributes),
      ...authorities.map((authority) => certificateBag(authority, [])),
    ],
    password,
  );
}

/**
 * Certificates that Java programs trust, in clear text, with HMAC-SHA-256 against changes. The aliases are the name with a
 * number.
 *
 * @param name ASCII
 * @throws StorePasswordError
 */
export function encodeTruststore(name: string, certificates: readonly X509Certificate[], password: string): Buffer {
  assertStorePassword(password);
  const bags = certificates.map((certificate, index) =>
    certificateBag(certificate, [
      friendlyName(`${name}-${index + 1}`),
      attribute(TRUSTED_KEY_USAGE, ANY_EXTENDED_KEY_USAGE),
    ]),
  );
  return encodeStore(bags, password);
}

/** Programs treat the empty password in two ways (RFC 7292, appendix B.1), and others than ASCII in several. */
export function assertStorePassword(password: string): void {
  if (!/^[\x20-\x7e]{6,}$/.test(password)) {
    throw new StorePasswordError('the password of a store must have at least six characters, all of them ASCII');
  }
}

function certificateBag(certificate: X509Certificate, attributes: readonly Buffer[]): Buffer {
  const value = der(Tag.sequence, X509_CERTIFICATE, der(Tag.context0, der(Tag.octetString, certificate.raw)));
  return bag(CERTIFICATE_BAG, value, attributes);
}

function bag(type: Buffer, value: Uint8Array, attributes: readonly Buffer[]): Buffer {
  const set = attributes.length > 0 ? [der(Tag.set, ...[...attributes].sort(Buffer.compare))] : [];
  return der(Tag.sequence, type, der(Tag.context0, value), ...set);
}

function friendlyName(name: string): Buffer {
  return attribute(FRIENDLY_NAME, der(Tag.bmpString, utf16(name)));
}

function attribute(type: Buffer, value: Buffer): Buffer {
  return der(Tag.sequence, type, der(Tag.set, value));
}

function encodeStore(bags: readonly Buffer[], password: string): Buffer {
  const authenticated = der(Tag.sequence, data(der(Tag.sequence, ...bags)));
  return der(Tag.sequence, derInteger(3), data(authenticated), macData(authenticated, password));
}

function data(content: Buffer): Buffer {
  return der(Tag.sequence, DATA, der(Tag.context0, der(Tag.octetString, content)));
}

function macData(content: Buffer, password: string): Buffer {
  const salt = randomBytes(20);
  const mac = createHmac('sha256', macKey(password, salt)).update(content).digest();
  const digestInfo = der(Tag.sequence, der(Tag.sequence, SHA_256, der(Tag.null)), der(Tag.octetString, mac));
  return der(Tag.sequence, digestInfo, der(Tag.octetString, salt), derInteger(MAC_ITERATIONS));
}

/** The key of the MAC (RFC 7292, appendix B.2, with ID 3). It is as long as a digest, so one round suffices. */
function macKey(password: string, salt: Buffer): Buffer {
  const input = Buffer.concat([
    Buffer.alloc(BLOCK, 3),
    repeated(salt),
    repeated(Buffer.concat([utf16(password), Buffer.of(0, 0)])),
  ]);
  let key = createHash('sha256').update(input).digest();
  for (let iteration = 1; iteration < MAC_ITERATIONS; iteration++) key = createHash('sha256').update(key).digest();
  return key.subarray(0, DIGEST);
}

/** Repeated until it fills whole blocks. */
function repeated(octets: Buffer): Buffer {
  return Buffer.alloc(Math.ceil(octets.length / BLOCK) * BLOCK, octets);
}

/** Big-endian. */
function utf16(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16();
}
