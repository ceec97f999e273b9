import type { Account } from '../../../account';
import type { ResourceType } from '../../../cloudformation/resource-type';
import { SIGNING_ALGORITHMS } from '../../../x509/algorithms';
import { oneOf, optional, string, structure } from '../../shared/shape';
import { issueCertificate } from '../issuance/issue';
import { apiPassthroughShape } from '../issuance/passthrough';
import { defaultTemplateArn, templateOf } from '../issuance/templates';
import { validityShape } from '../issuance/validity';
import type { PrivateAuthorities } from '../state';

const arn = string({ min: 5, max: 200 });

const shape = structure({
  CertificateAuthorityArn: arn,
  CertificateSigningRequest: string({ min: 1, max: 32_768 }),
  SigningAlgorithm: oneOf(...SIGNING_ALGORITHMS),
  Validity: validityShape,
  ValidityNotBefore: optional(validityShape),
  TemplateArn: optional(arn),
  ApiPassthrough: optional(apiPassthroughShape),
});

/**
 * `AWS::ACMPCA::Certificate`. Every change replaces it. Deletion neither revokes nor removes the certificate.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-acmpca-certificate.html
 */
export function certificateType(authorities: PrivateAuthorities, account: Account, now: () => Date): ResourceType {
  return {
    properties: {
      CertificateAuthorityArn: 'createOnly',
      CertificateSigningRequest: 'createOnly',
      SigningAlgorithm: 'createOnly',
      Validity: 'createOnly',
      ValidityNotBefore: 'createOnly',
      TemplateArn: 'createOnly',
      ApiPassthrough: 'createOnly',
    },
    async create({ properties }) {
      const given = shape(properties, '');
      const templateArn = given.TemplateArn ?? defaultTemplateArn(account.partition);
      const request = {
        certificateSigningRequest: given.CertificateSigningRequest,
        signingAlgorithm: given.SigningAlgorithm,
        template: templateOf(templateArn, account.partition),
        validity: given.Validity,
        validityNotBefore: given.ValidityNotBefore,
        apiPassthrough: given.ApiPassthrough,
      };
      const certificate = issueCertificate(authorities.get(given.CertificateAuthorityArn), request, now());
      // CloudFormation waits until the certificate is issued.
      certificate.isFresh = false;
      return {
        physicalId: `${certificate.arn}|${given.CertificateAuthorityArn}`,
        attributes: { Arn: certificate.arn, Certificate: certificate.pem },
      };
    },
    async update(_request, resource) {
      return resource;
    },
    async delete() {},
  };
}
