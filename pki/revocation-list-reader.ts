/** Reads and verifies certificate revocation lists (RFC 5280, section 5). */
import type { X509Certificate } from 'node:crypto';
import { type Extension, readExtensions } from './certificate-extensions';
import { LARGEST_INTEGER, readSerialNumber, readTime } from './certificate-values';
import { type Element, readElement, readElements, readInteger, Tag } from './der';
import { type Issuer, readIssuer } from './issuer';
import { type PemBlock, readPemBlocks } from './pem';
import { CRL_REASONS, type CrlReason, type RevocationListEntry } from './revocation-list';
import { SIGNING_ALGORITHMS, type SigningAlgorithm, signatureAlgorithmIdentifier, verifyBytes } from './signature';

/** The input is not a complete list of version 2 as RFC 5280 describes it, or another authority signed it. */
export class RevocationListError extends Error {
  override readonly name = 'RevocationListError';
}

export interface RevocationList {
  /** DER. */
  readonly raw: Uint8Array;
  /** DER of the issuer's name. */
  readonly issuer: Uint8Array;
  readonly authorityKeyIdentifier: Uint8Array;
  readonly signingAlgorithm: SigningAlgorithm;
  /** Higher than that of every earlier list of the issuer. */
  readonly number: bigint;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  /** Serial numbers are in upper-case hexadecimal, as in `X509Certificate.serialNumber`. Every certificate occurs once. */
  readonly entries: readonly RevocationListEntry[];
  /** Whether the list names the authority as its issuer, and the authority may sign lists. Proves nothing: see `verify`. */
  isOf(issuer: X509Certificate): boolean;
  /**
   * Checks that the issuer signed the list and may sign one. Nothing of a list that wasn't verified can be trusted. Does not
   * check times.
   * @throws RevocationListError for the first check that fails
   */
  verify(issuer: X509Certificate): void;
  /** Whether `verify` succeeds. */
  isSignedBy(issuer: X509Certificate): boolean;
}

/**
 * Reads a list. Takes time in proportion to its size.
 * @param list DER, or PEM with one block `X509 CRL`
 * @throws RevocationListError if it is malformed, or not what `signRevocationList` may have made: a delta, an indirect, or a
 * partial list, a list without number, an unknown critical extension, a certificate that occurs twice
 */
export function readRevocationList(list: Uint8Array | string): RevocationList {
  const der = typeof list === 'string' ? decodePem(list) : list;
  const signed = readElement(der, Tag.sequence);
  const [content, algorithm, signature, ...more] = (signed?.rest.length === 0 && readElements(signed.content)) || [];
  if (
    content?.tag !== Tag.sequence ||
    signature?.tag !== Tag.bitString ||
    signature.content[0] !== 0 ||
    more.length > 0
  ) {
    throw new RevocationListError('the list is not a signed structure in DER');
  }
  const fields = readFields(content);
  if (!isEqual(fields.algorithm.encoding, algorithm?.encoding)) {
    throw new RevocationListError('the list names two signature algorithms');
  }
  const signingAlgorithm = SIGNING_ALGORITHMS.find((one) =>
    isEqual(signatureAlgorithmIdentifier(one), algorithm?.encoding),
  );
  if (signingAlgorithm === undefined) {
    throw new RevocationListError('the list must be signed with RSA or ECDSA and SHA-256, SHA-384, or SHA-512');
  }
  const { issuer, thisUpdate, nextUpdate } = fields;
  const { number, authorityKeyIdentifier } = readListExtensions(fields.extensions);
  const isNamed = ({ subject, keyIdentifier }: Issuer) =>
    isEqual(subject, issuer.encoding) && isEqual(keyIdentifier, authorityKeyIdentifier);
  const read: RevocationList = {
    raw: der,
    issuer: issuer.encoding,
    authorityKeyIdentifier,
    signingAlgorithm,
    number,
    thisUpdate,
    nextUpdate,
    entries: readEntries(fields.revoked),
    isOf(certificate) {
      try {
        return isNamed(readListIssuer(certificate));
      } catch (error) {
        if (error instanceof RevocationListError) return false;
        throw error;
      }
    },
    verify(certificate) {
      if (!isNamed(readListIssuer(certificate))) throw new RevocationListError('the list is of another issuer');
      if (!verifyBytes(signingAlgorithm, content.encoding, certificate.publicKey, signature.content.subarray(1))) {
        throw new RevocationListError("the list's signature does not verify with the issuer's key");
      }
    },
    isSignedBy(certificate) {
      try {
        read.verify(certificate);
        return true;
      } catch (error) {
        if (error instanceof RevocationListError) return false;
        throw error;
      }
    },
  };
  return read;
}

/**
 * All lists of a PEM text, in order.
 * @throws RevocationListError as `readRevocationList`, and if there is none, or a block is something else
 */
export function readRevocationLists(pem: string): readonly RevocationList[] {
  const blocks = readBlocks(pem);
  if (blocks.length === 0 || blocks.some(({ label }) => label !== 'X509 CRL')) {
    throw new RevocationListError('the text must contain PEM blocks "X509 CRL", and no others');
  }
  return blocks.map(({ der }) => readRevocationList(der));
}

function decodePem(pem: string): Buffer {
  const [block, ...others] = readBlocks(pem);
  if (block?.label === 'X509 CRL' && others.length === 0) return block.der;
  throw new RevocationListError('the text must contain exactly one PEM block "X509 CRL"');
}

function readBlocks(pem: string): readonly PemBlock[] {
  try {
    return readPemBlocks(pem);
  } catch (cause) {
    throw new RevocationListError('the list is not PEM', { cause });
  }
}

/** The fields of TBSCertList. */
interface Fields {
  readonly algorithm: Element;
  readonly issuer: Element;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  /** Absent from an empty list. */
  readonly revoked: Element | undefined;
  readonly extensions: Uint8Array;
}

function readFields({ content }: Element): Fields {
  const [version, algorithm, issuer, from, until, ...rest] = readElements(content) ?? [];
  if (readInteger(version) !== 1n) throw new RevocationListError('the list must be of version 2');
  const [thisUpdate, nextUpdate] = [readTime(from), readTime(until)];
  if (thisUpdate === undefined || nextUpdate === undefined) {
    throw new RevocationListError('the list must have the times thisUpdate and nextUpdate');
  }
  const extensions = rest.at(-1);
  const [revoked, ...more] = rest.slice(0, -1);
  if (
    algorithm?.tag !== Tag.sequence ||
    issuer?.tag !== Tag.sequence ||
    extensions?.tag !== Tag.context0 ||
    more.length > 0
  ) {
    throw new RevocationListError('the list is not a TBSCertList with extensions');
  }
  return { algorithm, issuer, thisUpdate, nextUpdate, revoked, extensions: extensions.content };
}

/** The content octets of object identifiers, hexadecimal. */
const CRL_NUMBER = '551d14';
const REASON_CODE = '551d15';
const DELTA_CRL_INDICATOR = '551d1b';
const ISSUING_DISTRIBUTION_POINT = '551d1c';
const AUTHORITY_KEY_IDENTIFIER = '551d23';

/** The implicit tag of `keyIdentifier` in AuthorityKeyIdentifier. */
const KEY_IDENTIFIER = 0x80;

function readListExtensions(der: Uint8Array): Pick<RevocationList, 'number' | 'authorityKeyIdentifier'> {
  const values = extensionValues(der, [CRL_NUMBER, AUTHORITY_KEY_IDENTIFIER]);
  if (values.has(DELTA_CRL_INDICATOR) || values.has(ISSUING_DISTRIBUTION_POINT)) {
    throw new RevocationListError('the list must cover all certificates of its issuer');
  }
  const number = readInteger(readElement(values.get(CRL_NUMBER) ?? Buffer.of()));
  if (number === undefined || number > LARGEST_INTEGER) throw new RevocationListError('the list must have a number');
  const identifier = readElement(values.get(AUTHORITY_KEY_IDENTIFIER) ?? Buffer.of(), Tag.sequence);
  const authorityKeyIdentifier = readElement(identifier?.content ?? Buffer.of(), KEY_IDENTIFIER)?.content;
  if (authorityKeyIdentifier === undefined) {
    throw new RevocationListError('the list must have an authority key identifier');
  }
  return { number, authorityKeyIdentifier };
}

/** @param processed the extensions that may be critical */
function extensionValues(der: Uint8Array, processed: readonly string[]): ReadonlyMap<string, Uint8Array> {
  const extensions: readonly Extension[] | undefined = readExtensions(der);
  if (!extensions?.length) throw new RevocationListError('the list has extensions that cannot be read');
  const unknown = extensions.find(({ oid, isCritical }) => isCritical && !processed.includes(oid));
  if (unknown)
    throw new RevocationListError(`the list has an unknown critical extension, with the OID 0x${unknown.oid}`);
  const values = new Map(extensions.map(({ oid, value }) => [oid, value]));
  if (values.size < extensions.length) throw new RevocationListError('the list has an extension more than once');
  return values;
}

function readEntries(revoked: Element | undefined): readonly RevocationListEntry[] {
  if (revoked === undefined) return [];
  const elements = revoked.tag === Tag.sequence ? readElements(revoked.content) : undefined;
  if (!elements?.length) throw new RevocationListError('the list has entries that cannot be read');
  const readReason = reasonReader();
  const entries = elements.map((element) => readEntry(element, readReason));
  const serialNumbers = new Set(entries.map(({ serialNumber }) => serialNumber));
  if (serialNumbers.size < entries.length) throw new RevocationListError('the list has a certificate more than once');
  return entries;
}

function readEntry({ tag, content }: Element, readReason: (extensions: Element) => CrlReason): RevocationListEntry {
  const [serial, time, extensions, ...more] = (tag === Tag.sequence && readElements(content)) || [];
  const serialNumber = readSerialNumber(serial);
  const revokedAt = readTime(time);
  const reason = extensions === undefined ? 'UNSPECIFIED' : readReason(extensions);
  if (serialNumber === undefined || revokedAt === undefined || more.length > 0) {
    throw new RevocationListError('the list has an entry that cannot be read');
  }
  return { serialNumber, revokedAt, reason };
}

const REASONS = new Map(Object.entries(CRL_REASONS).map(([reason, code]) => [code as number, reason as CrlReason]));

/** Reads each reason once: the entries of a list have the same few extensions. */
function reasonReader(): (extensions: Element) => CrlReason {
  const known = new Map<string, CrlReason>();
  return ({ encoding }) => {
    const key = Buffer.from(encoding).toString('latin1');
    const reason = known.get(key) ?? readReason(encoding);
    known.set(key, reason);
    return reason;
  };
}

function readReason(der: Uint8Array): CrlReason {
  const value = extensionValues(der, [REASON_CODE]).get(REASON_CODE);
  if (value === undefined) return 'UNSPECIFIED';
  const code = readElement(value, Tag.enumerated)?.content ?? Buffer.of();
  const reason = code.length === 1 ? REASONS.get(code[0] ?? 0) : undefined;
  if (reason === undefined) throw new RevocationListError('the list has an entry with an unknown reason');
  return reason;
}

function readListIssuer(certificate: X509Certificate): Issuer {
  try {
    return readIssuer(certificate, 'cRLSign');
  } catch (cause) {
    throw new RevocationListError('the certificate is not of an authority that may sign lists', { cause });
  }
}

function isEqual(octets: Uint8Array, others: Uint8Array | undefined): boolean {
  return others !== undefined && Buffer.compare(octets, others) === 0;
}
