import type { X509Certificate } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  AttributeTypeAndValue,
  AttributeValue,
  Certificate,
  Name,
  RelativeDistinguishedName,
} from '@peculiar/asn1-x509';

/** The parts of a subject that ACM PCA's `ASN1Subject` has and a mesh uses. */
export interface DistinguishedName {
  /** Two letters, ISO 3166. */
  readonly country?: string;
  readonly organization?: string;
  readonly organizationalUnit?: string;
  readonly state?: string;
  readonly commonName?: string;
  readonly locality?: string;
}

const COMMON_NAME = '2.5.4.3';

/** In the order of ACM PCA's certificates. */
const ATTRIBUTES: readonly (readonly [keyof DistinguishedName, string])[] = [
  ['country', '2.5.4.6'],
  ['organization', '2.5.4.10'],
  ['organizationalUnit', '2.5.4.11'],
  ['state', '2.5.4.8'],
  ['commonName', COMMON_NAME],
  ['locality', '2.5.4.7'],
];

/** DER of the X.501 name: one attribute a relative name, UTF8String but for the country (RFC 5280, appendix A.1). */
export function encodeDistinguishedName(name: DistinguishedName): Buffer {
  const relativeNames = ATTRIBUTES.flatMap(([field, type]) => {
    const text = name[field];
    if (text === undefined) return [];
    const value = new AttributeValue(field === 'country' ? { printableString: text } : { utf8String: text });
    return [new RelativeDistinguishedName([new AttributeTypeAndValue({ type, value })])];
  });
  return Buffer.from(AsnConvert.serialize(new Name(relativeNames)));
}

/** The common names in an encoded name, as there may be several; one of a type that holds no text is its hexadecimal. */
export function commonNamesIn(name: Uint8Array): readonly string[] {
  return AsnConvert.parse(name, Name).flatMap((relativeName) =>
    relativeName.filter(({ type }) => type === COMMON_NAME).map(({ value }) => value.toString()),
  );
}

/** DER of the certificate's subject: the issuer of whatever its key signs. */
export function encodedSubjectOf(certificate: X509Certificate): Buffer {
  const { tbsCertificate } = AsnConvert.parse(certificate.raw, Certificate);
  return Buffer.from(AsnConvert.serialize(tbsCertificate.subject));
}
