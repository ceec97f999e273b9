import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { AwsError } from '../../endpoint/api';
import type { ServerAuthority, ServerCertificate } from './server-authority';

/** The server certificates of the account, and the authority that signs them. */
export class ServerCertificates {
  private readonly byArn = new Map<string, ServerCertificate>();

  constructor(readonly authority: ServerAuthority) {}

  set(arn: string, certificate: ServerCertificate): void {
    this.byArn.set(arn, certificate);
  }

  delete(arn: string): void {
    this.byArn.delete(arn);
  }

  /**
   * The certificate that a server presents for a domain name. A certificate that no template created, because it was
   * imported or belongs to another stack, exists on AWS only: the sandbox issues one for the domain name instead.
   *
   * @throws AwsError `BadRequestException` if the certificate isn't valid for the domain name
   */
  certificateFor(arn: string, domainName: string): ServerCertificate {
    const certificate = this.byArn.get(arn);
    if (!certificate) return this.newCertificate(domainName);
    if (!new X509Certificate(certificate.certificateChain).checkHost(domainName)) {
      throw new AwsError('BadRequestException', `The certificate ${arn} does not cover ${domainName}`);
    }
    return certificate;
  }

  newCertificate(hostName: string): ServerCertificate {
    return this.authority.issue([hostName], generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey);
  }
}
