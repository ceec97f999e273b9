import type { ResourceType } from '../../cloudformation/resource-type';
import type { Service, Surroundings } from '../shared/service';
import { certificateType } from './resources/certificate';
import { ServerAuthority, type ServerCertificate } from './server-authority';
import { ServerCertificates } from './state';

/** AWS Certificate Manager: server certificates, signed by an authority of the sandbox. */
export class CertificateManagerService implements Service {
  readonly resourceTypes: Readonly<Record<string, ResourceType>>;
  private readonly certificates: ServerCertificates;

  /** @param authority signs every server certificate. The default is one that nobody else has */
  constructor({ account, clock }: Surroundings, authority = new ServerAuthority(clock)) {
    this.certificates = new ServerCertificates(authority);
    this.resourceTypes = { 'AWS::CertificateManager::Certificate': certificateType(account, this.certificates) };
  }

  /** PEM of the authority that signed every server certificate. */
  get serverAuthority(): string {
    return this.certificates.authority.certificate;
  }

  /** A certificate for a server of the sandbox itself. */
  newServerCertificate(hostName: string): ServerCertificate {
    return this.certificates.newCertificate(hostName);
  }

  /** The certificate that a server presents for a domain name. */
  serverCertificate(certificateArn: string, domainName: string): ServerCertificate {
    return this.certificates.certificateFor(certificateArn, domainName);
  }
}
