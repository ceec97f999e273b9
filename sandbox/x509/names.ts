import { AsnConvert } from '@peculiar/asn1-schema';
import {
  AttributeTypeAndValue,
  AttributeValue,
  GeneralName,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
} from '@peculiar/asn1-x509';

/** The attributes of ACM PCA's `ASN1Subject` that the sandbox supports. */
export interface DistinguishedName {
  /** Two letters, ISO 3166. */
  readonly country?: string;
  readonly organization?: string;
  readonly organizationalUnit?: string;
  readonly state?: string;
  readonly commonName?: string;
  readonly locality?: string;
}

/** In the order of ACM PCA's certificates. */
const ATTRIBUTES: readonly (readonly [keyof DistinguishedName, string])[] = [
  ['country', '2.5.4.6'],
  ['organization', '2.5.4.10'],
  ['organizationalUnit', '2.5.4.11'],
  ['state', '2.5.4.8'],
  ['commonName', '2.5.4.3'],
  ['locality', '2.5.4.7'],
];

/** DER of the X.501 name. Each attribute is a UTF8String, except the country (RFC 5280, appendix A.1). */
export function encodeDistinguishedName(name: DistinguishedName): Buffer {
  const relativeNames = ATTRIBUTES.flatMap(([field, type]) => {
    const text = name[field];
    if (text === undefined) return [];
    const value = new AttributeValue(field === 'country' ? { printableString: text } : { utf8String: text });
    return [new RelativeDistinguishedName([new AttributeTypeAndValue({ type, value })])];
  });
  return Buffer.from(AsnConvert.serialize(new Name(relativeNames)));
}

/** The subject alternative names that ACM PCA takes from a mesh. */
export interface SubjectAlternativeNames {
  readonly uris: readonly string[];
  readonly dnsNames: readonly string[];
}

/** URIs first, then DNS names. */
export function encodeSubjectAlternativeNames(names: SubjectAlternativeNames): SubjectAlternativeName {
  return new SubjectAlternativeName([
    ...names.uris.map((uniformResourceIdentifier) => new GeneralName({ uniformResourceIdentifier })),
    ...names.dnsNames.map((dNSName) => new GeneralName({ dNSName })),
  ]);
}

/** Undefined if there is a name that is neither a URI nor a DNS name. */
export function decodeSubjectAlternativeNames(extension: SubjectAlternativeName): SubjectAlternativeNames | undefined {
  const uris: string[] = [];
  const dnsNames: string[] = [];
  for (const { uniformResourceIdentifier, dNSName } of extension) {
    if (uniformResourceIdentifier !== undefined) uris.push(uniformResourceIdentifier);
    else if (dNSName !== undefined) dnsNames.push(dNSName);
    else return undefined;
  }
  return { uris, dnsNames };
}
