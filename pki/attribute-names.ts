/**
 * The attributes that subjects usually have: the name that OpenSSL prints, which is the only one that a subject can be compared
 * by, and the names that other programs and standards use. https://www.rfc-editor.org/rfc/rfc4519, and
 * https://github.com/openssl/openssl/blob/openssl-3.0.0/crypto/objects/objects.txt
 */
export const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  CN: ['commonName', '2.5.4.3'],
  SN: ['surname', '2.5.4.4'],
  serialNumber: ['2.5.4.5'],
  C: ['countryName', '2.5.4.6'],
  L: ['localityName', '2.5.4.7'],
  ST: ['stateOrProvinceName', 'S', '2.5.4.8'],
  street: ['streetAddress', '2.5.4.9'],
  O: ['organizationName', '2.5.4.10'],
  OU: ['organizationalUnitName', '2.5.4.11'],
  title: ['T', '2.5.4.12'],
  description: ['2.5.4.13'],
  businessCategory: ['2.5.4.15'],
  postalCode: ['2.5.4.17'],
  name: ['2.5.4.41'],
  GN: ['givenName', 'G', '2.5.4.42'],
  initials: ['I', '2.5.4.43'],
  generationQualifier: ['2.5.4.44'],
  x500UniqueIdentifier: ['2.5.4.45'],
  dnQualifier: ['2.5.4.46'],
  pseudonym: ['2.5.4.65'],
  role: ['2.5.4.72'],
  organizationIdentifier: ['2.5.4.97'],
  mail: ['rfc822Mailbox', '0.9.2342.19200300.100.1.3'],
  DC: ['domainComponent', '0.9.2342.19200300.100.1.25'],
  uid: ['uniqueIdentifier', '0.9.2342.19200300.100.1.44'],
  UID: ['userId', '0.9.2342.19200300.100.1.1'],
  emailAddress: ['E', 'email', '1.2.840.113549.1.9.1'],
  unstructuredName: ['1.2.840.113549.1.9.2'],
  unstructuredAddress: ['1.2.840.113549.1.9.8'],
  jurisdictionL: ['jurisdictionLocalityName', '1.3.6.1.4.1.311.60.2.1.1'],
  jurisdictionST: ['jurisdictionStateOrProvinceName', '1.3.6.1.4.1.311.60.2.1.2'],
  jurisdictionC: ['jurisdictionCountryName', '1.3.6.1.4.1.311.60.2.1.3'],
};

/** The name that OpenSSL prints for the attribute that `type` means, if that is another one. */
export function otherOpensslName(type: string): string | undefined {
  if (Object.hasOwn(OTHER_NAMES, type)) return undefined;
  const isType = (name: string) => name.toLowerCase() === type.toLowerCase();
  const [name] = Object.entries(OTHER_NAMES).findLast(([name, others]) => [name, ...others].some(isType)) ?? [];
  return name;
}
