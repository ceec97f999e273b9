import type { SubjectAlternativeNames } from '../../../x509/names';
import { anything, list, optional, type Shape, string, structure } from '../../shared/shape';
import { subjectShape } from './subject';

const generalName = structure({
  UniformResourceIdentifier: optional(string({ max: 253 })),
  DnsName: optional(string({ max: 253 })),
});

const generalNames: Shape<SubjectAlternativeNames> = (value, path) => {
  const names = list(generalName, { min: 1, max: 150 })(value, path);
  return {
    uris: names.flatMap(({ UniformResourceIdentifier: uri }) => (uri === undefined ? [] : [uri])),
    dnsNames: names.flatMap(({ DnsName: name }) => (name === undefined ? [] : [name])),
  };
};

/**
 * What the caller of IssueCertificate wants in the certificate. Key usages are read but of no effect, since every
 * template that the sandbox knows sets its own.
 * https://docs.aws.amazon.com/privateca/latest/APIReference/API_ApiPassthrough.html
 */
export const apiPassthroughShape = structure({
  Subject: optional(subjectShape),
  Extensions: optional(
    structure({
      SubjectAlternativeNames: optional(generalNames),
      KeyUsage: optional(anything),
      ExtendedKeyUsage: optional(anything),
    }),
  ),
});

export type ApiPassthrough = ReturnType<typeof apiPassthroughShape>;
