import { GeneralName, SubjectAlternativeName } from '@peculiar/asn1-x509';

/** The names of a certificate beside its subject, as far as a mesh uses them. */
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

/** Undefined when there is a name that is neither a URI nor a DNS name. */
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
