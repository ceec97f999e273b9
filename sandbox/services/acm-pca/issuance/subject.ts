import type { DistinguishedName } from '../../../x509/names';
import { optional, type Shape, string, structure } from '../../shared/shape';

const asn1Subject = structure({
  Country: optional(string({ min: 2, max: 2 }, /^[A-Za-z]{2}$/)),
  Organization: optional(string({ max: 64 })),
  OrganizationalUnit: optional(string({ max: 64 })),
  State: optional(string({ max: 128 })),
  CommonName: optional(string({ max: 64 })),
  Locality: optional(string({ max: 128 })),
});

export interface Subject {
  /** As given, for DescribeCertificateAuthority. */
  readonly given: object;
  readonly name: DistinguishedName;
}

/** https://docs.aws.amazon.com/privateca/latest/APIReference/API_ASN1Subject.html */
export const subjectShape: Shape<Subject> = (value, path) => {
  const given = asn1Subject(value, path);
  const name = {
    country: given.Country,
    organization: given.Organization,
    organizationalUnit: given.OrganizationalUnit,
    state: given.State,
    commonName: given.CommonName,
    locality: given.Locality,
  };
  return { given, name };
};
