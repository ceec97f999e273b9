/** Encodes the names in certificates: distinguished names and subject alternative names (RFC 5280). */
import { isSpiffeId } from './certificate-fields';
import { CertificateValueError } from './certificate-values';
import { der, derObjectIdentifier, type Element, readElement, readElements, Tag } from './der';

/** A distinguished name of the attributes that ACM PCA and the mesh use. No value is empty. */
export interface DistinguishedName {
  /** At most 64 characters. */
  readonly commonName: string;
  /** At most 64 characters. */
  readonly organization?: string;
  /** At most 64 characters. */
  readonly organizationalUnit?: string;
  /** Two letters, ISO 3166-1. */
  readonly country?: string;
  /** State or province, at most 128 characters. */
  readonly state?: string;
  /** At most 128 characters. */
  readonly locality?: string;
}

interface Attribute {
  readonly field: keyof DistinguishedName;
  readonly type: Uint8Array;
  /** Characters: the upper bounds of RFC 5280, appendix A.1. */
  readonly longest: number;
}

/** In the order of ACM PCA's certificates. */
const ATTRIBUTES: readonly Attribute[] = [
  { field: 'country', type: derObjectIdentifier('2.5.4.6'), longest: 2 },
  { field: 'organization', type: derObjectIdentifier('2.5.4.10'), longest: 64 },
  { field: 'organizationalUnit', type: derObjectIdentifier('2.5.4.11'), longest: 64 },
  { field: 'state', type: derObjectIdentifier('2.5.4.8'), longest: 128 },
  { field: 'commonName', type: derObjectIdentifier('2.5.4.3'), longest: 64 },
  { field: 'locality', type: derObjectIdentifier('2.5.4.7'), longest: 128 },
];

/**
 * DER of the name. Each attribute is a UTF8String, except the country (RFC 5280, section 4.1.2.4 and appendix A.1).
 * @throws CertificateValueError for a value that is empty, too long, or could be shown as something else than it is
 */
export function encodeDistinguishedName(name: DistinguishedName): Buffer {
  return der(
    Tag.sequence,
    ...ATTRIBUTES.flatMap(({ field, type, longest }) => {
      const text = name[field];
      if (text === undefined) return [];
      const problem = field === 'country' ? countryProblem(text) : textProblem(text, longest);
      if (problem !== undefined) throw new CertificateValueError(`${field} ${problem}`);
      const value = der(field === 'country' ? Tag.printableString : Tag.utf8String, Buffer.from(text));
      return [der(Tag.set, der(Tag.sequence, type, value))];
    }),
  );
}

function countryProblem(text: string): string | undefined {
  return /^[A-Za-z]{2}$/.test(text) ? undefined : 'must have two letters';
}

/** Control characters, among them NUL, ends of lines, lone surrogates, and characters that reorder the text around them. */
const MISLEADING = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

/** What is wrong with the value of an attribute, as the rest of a sentence. */
function textProblem(text: string, longest: number): string | undefined {
  const characters = [...text].length;
  if (characters < 1 || characters > longest) return `must have 1 to ${longest} characters`;
  if (MISLEADING.test(text)) return 'must not have control characters';
  return text.trim() === text ? undefined : 'must not begin or end with white space';
}

/** The string types of attributes that RFC 5280 lets an authority write: section 4.1.2.4 and appendix A.1. */
const STRING_TYPES: readonly number[] = [Tag.utf8String, Tag.printableString, Tag.ia5String];

/**
 * Checks a distinguished name that somebody else encoded, such as in a certificate signing request.
 * @throws CertificateValueError if it is empty or malformed, or a value is not such text as `encodeDistinguishedName` accepts
 */
export function assertDistinguishedName(name: Uint8Array): void {
  const sequence = readElement(name, Tag.sequence);
  const parts = sequence?.rest.length === 0 ? readElements(sequence.content) : undefined;
  if (parts === undefined) throw new CertificateValueError('the name must be a distinguished name');
  if (parts.length === 0) throw new CertificateValueError('the name must not be empty');
  for (const { tag, content } of parts) {
    const attributes = tag === Tag.set ? readElements(content) : undefined;
    if (!attributes?.length) throw new CertificateValueError('the name must be a distinguished name');
    for (const attribute of attributes) assertAttribute(attribute);
  }
}

/** The longest value of any attribute in ACM PCA's `ASN1Subject`. */
const LONGEST_ATTRIBUTE = 256;

function assertAttribute({ tag, content }: Element): void {
  const [type, value, ...others] = (tag === Tag.sequence && readElements(content)) || [];
  if (type?.tag !== Tag.objectIdentifier || value === undefined || others.length > 0) {
    throw new CertificateValueError('the name must be a distinguished name');
  }
  const text = STRING_TYPES.includes(value.tag) ? Buffer.from(value.content).toString() : undefined;
  if (text === undefined || !Buffer.from(text).equals(value.content)) {
    throw new CertificateValueError('the name must have values of type UTF8String, PrintableString, or IA5String');
  }
  const problem = textProblem(text, LONGEST_ATTRIBUTE);
  if (problem !== undefined) throw new CertificateValueError(`a value of the name ${problem}`);
}

/** The subject alternative names of a client. */
export interface AlternativeNames {
  readonly spiffeId: string;
  readonly dnsNames: readonly string[];
}

/** The implicit tags of GeneralName (RFC 5280, section 4.2.1.6). */
const DNS_NAME = 0x82;
const UNIFORM_RESOURCE_IDENTIFIER = 0x86;

/**
 * DER of GeneralNames: the URI first, as in ACM PCA's certificates.
 * @throws CertificateValueError for a SPIFFE ID or a DNS name that is none
 */
export function encodeAlternativeNames({ spiffeId, dnsNames }: AlternativeNames): Buffer {
  if (!isSpiffeId(spiffeId)) throw new CertificateValueError('spiffeId must be the SPIFFE ID of a workload');
  if (!dnsNames.every(isDnsName)) {
    throw new CertificateValueError('dnsNames must be DNS names in ASCII, without wildcards');
  }
  const names = dnsNames.map((name) => der(DNS_NAME, Buffer.from(name)));
  return der(Tag.sequence, der(UNIFORM_RESOURCE_IDENTIFIER, Buffer.from(spiffeId)), ...names);
}

const DNS_LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
const LONGEST_DNS_NAME = 253;

/** The preferred name syntax of RFC 1034, section 3.5, as modified by RFC 1123. */
function isDnsName(name: string): boolean {
  return name.length <= LONGEST_DNS_NAME && name.split('.').every((label) => DNS_LABEL.test(label));
}

/**
 * DER of the GeneralName of an address, such as of a revocation list.
 * @throws CertificateValueError if it isn't an HTTP address in ASCII
 */
export function encodeAddress(name: string, address: string): Buffer {
  if (!/^https?:\/\/[!-~]+$/.test(address) || !URL.canParse(address)) {
    throw new CertificateValueError(`${name} must be an HTTP address in ASCII`);
  }
  return der(UNIFORM_RESOURCE_IDENTIFIER, Buffer.from(address));
}
