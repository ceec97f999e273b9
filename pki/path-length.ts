import type { X509Certificate } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import { BasicConstraints, Certificate, id_ce_basicConstraints } from '@peculiar/asn1-x509';

/** How many authorities may stand below this one (RFC 5280, section 4.2.1.9); undefined without a limit. */
export function pathLengthOf(authority: X509Certificate): number | undefined {
  const { tbsCertificate } = AsnConvert.parse(authority.raw, Certificate);
  const extension = tbsCertificate.extensions?.find(({ extnID }) => extnID === id_ce_basicConstraints);
  return extension && AsnConvert.parse(extension.extnValue.buffer, BasicConstraints).pathLenConstraint;
}
