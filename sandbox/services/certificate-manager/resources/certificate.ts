import { randomUUID } from 'node:crypto';
import { type Account, regionalArn } from '../../../account';
import type { Resource, ResourceType } from '../../../cloudformation/resource-type';
import { generatePrivateKey, KEY_ALGORITHMS } from '../../../x509/algorithms';
import { anything, list, oneOf, optional, string, structure } from '../../shared/shape';
import type { ServerCertificates } from '../state';

/**
 * `AWS::CertificateManager::Certificate`. On AWS, the stack waits until DNS proves who owns the domain. The sandbox issues
 * the certificate immediately. The default key is P-256 and not ACM's RSA 2048, which takes a hundred times as long to
 * create.
 */
export function certificateType(account: Account, certificates: ServerCertificates): ResourceType {
  const read = structure({
    CertificateTransparencyLoggingPreference: optional(oneOf('ENABLED', 'DISABLED')),
    DomainName: string({ min: 1, max: 253 }),
    DomainValidationOptions: optional(list(anything)),
    KeyAlgorithm: optional(oneOf(...KEY_ALGORITHMS)),
    SubjectAlternativeNames: optional(list(string({ min: 1, max: 253 }), { max: 100 })),
    Tags: anything,
    ValidationMethod: optional(oneOf('DNS')),
  });
  return {
    properties: {
      CertificateTransparencyLoggingPreference: 'mutable',
      DomainName: 'createOnly',
      DomainValidationOptions: 'createOnly',
      KeyAlgorithm: 'createOnly',
      SubjectAlternativeNames: 'createOnly',
      Tags: 'mutable',
      ValidationMethod: 'createOnly',
    },
    create: async ({ properties }): Promise<Resource> => {
      const { DomainName, SubjectAlternativeNames = [], KeyAlgorithm = 'EC_prime256v1' } = read(properties, '');
      const arn = regionalArn(account, 'acm', `certificate/${randomUUID()}`);
      const privateKey = await generatePrivateKey(KeyAlgorithm);
      certificates.set(arn, certificates.authority.issue([DomainName, ...SubjectAlternativeNames], privateKey));
      return { physicalId: arn, attributes: { Id: arn } };
    },
    update: async ({ properties }, resource) => {
      read(properties, '');
      return resource;
    },
    delete: async (_request, { physicalId }) => certificates.delete(physicalId),
  };
}
