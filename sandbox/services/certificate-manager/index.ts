import { generateKeyPairSync, randomUUID, X509Certificate } from 'node:crypto';
import { regionalArn } from '../../account';
import type { Resource, ResourceType } from '../../cloudformation/resource-type';
import { AwsError } from '../../endpoint/api';
import { generatePrivateKey, KEY_ALGORITHMS } from '../../x509/algorithms';
import type { Service, Surroundings } from '../service';
import { anything, list, oneOf, optional, string, structure } from '../shape';
import { ServerAuthority, type ServerCertificate } from './server-authority';

/** AWS Certificate Manager: server certificates, signed by an authority that the sandbox makes for itself. */
export class CertificateManager implements Service {
  readonly resourceTypes: Readonly<Record<string, ResourceType>>;
  private readonly authority: ServerAuthority;
  private readonly certificates = new Map<string, ServerCertificate>();

  constructor(private readonly surroundings: Surroundings) {
    this.authority = new ServerAuthority(surroundings.clock);
    this.resourceTypes = { 'AWS::CertificateManager::Certificate': this.certificateType() };
  }

  /** PEM of the authority that signed every server certificate. */
  get serverAuthority(): string {
    return this.authority.certificate;
  }

  /**
   * The certificate that a server with this domain name presents. One that no template made (imported, or of another
   * stack) exists on AWS alone: for its ARN the sandbox issues one that holds the domain name.
   */
  serverCertificate(certificateArn: string, domainName: string): ServerCertificate {
    const made = this.certificates.get(certificateArn);
    if (!made) {
      return this.authority.issue([domainName], generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey);
    }
    if (!new X509Certificate(made.certificateChain).checkHost(domainName)) {
      throw new AwsError('BadRequestException', `The certificate ${certificateArn} does not cover ${domainName}`);
    }
    return made;
  }

  /**
   * `AWS::CertificateManager::Certificate`. On AWS the stack waits until DNS proves who owns the domain; here the
   * certificate is issued at once. Where the template names no key algorithm the key is P-256 rather than ACM's
   * RSA 2048, which takes a hundred times as long to make.
   */
  private certificateType(): ResourceType {
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
        const arn = regionalArn(this.surroundings.account, 'acm', `certificate/${randomUUID()}`);
        const privateKey = await generatePrivateKey(KeyAlgorithm);
        this.certificates.set(arn, this.authority.issue([DomainName, ...SubjectAlternativeNames], privateKey));
        return { physicalId: arn, attributes: { Id: arn } };
      },
      update: async ({ properties }, resource) => {
        read(properties, '');
        return resource;
      },
      delete: async (_request, { physicalId }) => {
        this.certificates.delete(physicalId);
      },
    };
  }
}
