import type { ResourceType } from '../../../cloudformation/resource-type';
import { AwsError } from '../../../endpoint/api';
import { list, oneOf, optional, string, structure } from '../../shared/shape';
import type { PrivateAuthorities } from '../state';

const shape = structure({
  CertificateAuthorityArn: string({ min: 5, max: 200 }),
  Principal: string({ max: 128 }, /^[^*]+$/),
  Actions: list(oneOf('IssueCertificate', 'GetCertificate', 'ListPermissions'), { min: 1, max: 3 }),
  SourceAccount: optional(string({ min: 12, max: 12 }, /^\d+$/)),
});

/**
 * `AWS::ACMPCA::Permission`: allows an AWS service to use the authority, without effect in the sandbox.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-acmpca-permission.html
 */
export function permissionType(authorities: PrivateAuthorities): ResourceType {
  return {
    properties: {
      CertificateAuthorityArn: 'createOnly',
      Principal: 'createOnly',
      Actions: 'createOnly',
      SourceAccount: 'createOnly',
    },
    async create({ properties }) {
      const { CertificateAuthorityArn, Principal, Actions } = shape(properties, '');
      const { permissions } = authorities.get(CertificateAuthorityArn);
      if (permissions.has(Principal)) {
        throw new AwsError('PermissionAlreadyExistsException', `${Principal} has a permission already`);
      }
      permissions.set(Principal, Actions);
      return { physicalId: `${CertificateAuthorityArn}|${Principal}`, attributes: {} };
    },
    async update(_request, resource) {
      return resource;
    },
    async delete({ properties }) {
      const { CertificateAuthorityArn, Principal } = shape(properties, '');
      authorities.find(CertificateAuthorityArn)?.permissions.delete(Principal);
    },
  };
}
