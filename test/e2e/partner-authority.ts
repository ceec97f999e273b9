import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TlsCredentials } from '../../client';

export interface PartnerCertificate {
  /** As `-subj` takes it: `/C=DE/CN=billing`. */
  readonly subject: string;
  /** As `subjectAltName` takes them: `URI:spiffe://…`. */
  readonly names?: readonly string[];
  readonly purpose?: 'clientAuth' | 'serverAuth';
}

/** Somebody else's authority, by somebody else's code: an RSA root with an authority below that issues. */
export class PartnerAuthority {
  private readonly directory = mkdtempSync(join(tmpdir(), 'partner-'));
  /** PEM of the issuing authority and the root. */
  readonly chain: string;

  constructor(name: string, issuingDays = 100) {
    const key = ['-newkey', 'rsa:2048', '-nodes'];
    const root = ['-keyout', 'root.key', '-out', 'root.pem', '-days', '3650'];
    this.openssl('req', '-x509', ...key, ...root, '-subj', `/O=${name}/CN=Root`);
    this.openssl('req', ...key, '-keyout', 'issuing.key', '-out', 'issuing.csr', '-subj', `/O=${name}/CN=Issuing`);
    this.write('issuing.ext', 'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n');
    this.sign('issuing', 'root', issuingDays);
    this.chain = this.read('issuing.pem') + this.read('root.pem');
  }

  issue({ subject, names = [], purpose = 'clientAuth' }: PartnerCertificate): TlsCredentials {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', 'client.key'];
    this.openssl('req', ...key, '-out', 'client.csr', '-utf8', '-subj', subject);
    const alternativeNames = names.length > 0 ? `subjectAltName=${names.join(',')}\n` : '';
    this.write('client.ext', `basicConstraints=CA:FALSE\nextendedKeyUsage=${purpose}\n${alternativeNames}`);
    this.sign('client', 'issuing', 7);
    return {
      certificate: this.read('client.pem'),
      certificateChain: this.chain,
      privateKey: this.read('client.key'),
    };
  }

  /** What OpenSSL prints of a certificate, without what it prints before the equals sign. */
  print({ certificate }: TlsCredentials, ...options: string[]): string {
    this.write('shown.pem', certificate);
    return this.openssl('x509', '-in', 'shown.pem', '-noout', ...options)
      .replace(/^[^=]*=/, '')
      .trimEnd();
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  private sign(subject: string, issuer: string, days: number): void {
    const files = ['-in', `${subject}.csr`, '-out', `${subject}.pem`, '-extfile', `${subject}.ext`];
    const authority = ['-CA', `${issuer}.pem`, '-CAkey', `${issuer}.key`, '-CAcreateserial'];
    this.openssl('x509', '-req', ...files, ...authority, '-days', String(days), '-sha256');
  }

  private openssl(...args: string[]): string {
    return execFileSync('openssl', args, { cwd: this.directory, stdio: 'pipe' }).toString();
  }

  private read(file: string): string {
    return readFileSync(join(this.directory, file), 'utf8');
  }

  private write(file: string, text: string): void {
    writeFileSync(join(this.directory, file), text);
  }
}
