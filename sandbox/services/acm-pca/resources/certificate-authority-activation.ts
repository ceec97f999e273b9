import type { Properties, Resource, ResourceType } from '../../../cloudformation/resource-type';
import { oneOf, optional, string, structure } from '../../shared/shape';
import { chainOf } from '../issuance/issue';
import type { PrivateAuthorities } from '../state';

const shape = structure({
  CertificateAuthorityArn: string({ min: 5, max: 200 }),
  Certificate: string({ min: 1, max: 32_768 }),
  CertificateChain: optional(string({ max: 2_097_152 })),
  Status: optional(oneOf('ACTIVE', 'DISABLED')),
});

/**
 * `AWS::ACMPCA::CertificateAuthorityActivation`: imports the certificate of the authority and sets its status. Deletion
 * disables the authority, so the authority itself can be deleted.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-acmpca-certificateauthorityactivation.html
 */
export function certificateAuthorityActivationType(authorities: PrivateAuthorities): ResourceType {
  function activate(properties: Properties): Resource {
    const { CertificateAuthorityArn, Certificate, CertificateChain, Status } = shape(properties, '');
    const authority = authorities.get(CertificateAuthorityArn);
    authority.import(Certificate, CertificateChain);
    if (Status === 'DISABLED') authority.setStatus(Status);
    return { physicalId: CertificateAuthorityArn, attributes: { CompleteCertificateChain: chainOf(authority) } };
  }

  return {
    properties: {
      CertificateAuthorityArn: 'createOnly',
      Certificate: 'mutable',
      CertificateChain: 'mutable',
      Status: 'mutable',
    },
    async create({ properties }) {
      return activate(properties);
    },
    async update({ properties }) {
      return activate(properties);
    },
    async delete(_request, resource) {
      const authority = authorities.find(resource.physicalId);
      if (authority?.installed && authority.status !== 'DELETED') authority.setStatus('DISABLED');
    },
  };
}
