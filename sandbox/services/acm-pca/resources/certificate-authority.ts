import type { Resource, ResourceType } from '../../../cloudformation/resource-type';
import { KEY_ALGORITHMS, SIGNING_ALGORITHMS } from '../../../x509/algorithms';
import { oneOf, optional, structure } from '../../shared/shape';
import { tagList } from '../../shared/tags';
import { subjectShape } from '../issuance/subject';
import type { PrivateAuthority } from '../private-authority';
import { revocationShape } from '../revocation/configuration';
import type { PrivateAuthorities } from '../state';

const KEY_STORAGE = ['FIPS_140_2_LEVEL_3_OR_HIGHER', 'FIPS_140_2_LEVEL_2_OR_HIGHER', 'CCPC_LEVEL_1_OR_HIGHER'] as const;

const shape = structure({
  Type: oneOf('ROOT', 'SUBORDINATE'),
  KeyAlgorithm: oneOf(...KEY_ALGORITHMS),
  SigningAlgorithm: oneOf(...SIGNING_ALGORITHMS),
  Subject: subjectShape,
  UsageMode: optional(oneOf('GENERAL_PURPOSE', 'SHORT_LIVED_CERTIFICATE')),
  KeyStorageSecurityStandard: optional(oneOf(...KEY_STORAGE)),
  RevocationConfiguration: revocationShape,
  Tags: optional(tagList),
});

/**
 * `AWS::ACMPCA::CertificateAuthority`. `Ref` is the ARN. An active authority can't be deleted. A deleted one can be
 * restored for 30 days.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-acmpca-certificateauthority.html
 */
export function certificateAuthorityType(authorities: PrivateAuthorities): ResourceType {
  return {
    properties: {
      Type: 'createOnly',
      KeyAlgorithm: 'createOnly',
      SigningAlgorithm: 'createOnly',
      Subject: 'createOnly',
      UsageMode: 'createOnly',
      KeyStorageSecurityStandard: 'createOnly',
      RevocationConfiguration: 'mutable',
      Tags: 'mutable',
    },
    async create({ properties }) {
      const given = shape(properties, '');
      const configuration = {
        type: given.Type,
        usageMode: given.UsageMode ?? 'GENERAL_PURPOSE',
        keyAlgorithm: given.KeyAlgorithm,
        signingAlgorithm: given.SigningAlgorithm,
        subject: given.Subject.name,
        givenSubject: given.Subject.given,
        keyStorageSecurityStandard: given.KeyStorageSecurityStandard ?? KEY_STORAGE[0],
      };
      const authority = await authorities.create(configuration, given.RevocationConfiguration);
      authority.tags = given.Tags ?? [];
      return asResource(authority);
    },
    async update({ properties }, resource) {
      const { Tags, RevocationConfiguration } = shape(properties, '');
      const authority = authorities.get(resource.physicalId);
      authority.revocationLists.configure(RevocationConfiguration);
      authority.tags = Tags ?? [];
      return resource;
    },
    async delete(_request, resource) {
      const authority = authorities.find(resource.physicalId);
      if (authority && authority.status !== 'DELETED') authorities.delete(authority);
    },
  };
}

function asResource({ configuration: { arn }, certificateSigningRequest }: PrivateAuthority): Resource {
  return { physicalId: arn, attributes: { Arn: arn, CertificateSigningRequest: certificateSigningRequest } };
}
