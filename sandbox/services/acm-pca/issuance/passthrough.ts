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
 * The certificate contents in a request of IssueCertificate. Key usages are accepted without effect, because every
 * supported template defines its own. https://docs.aws.amazon.com/privateca/latest/APIReference/API_ApiPassthrough.html
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
