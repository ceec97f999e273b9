/** The directory that stands in for `/etc/mtls-mesh`, with the files of the client `mail` and of a server. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clientFiles, generationId } from '../../bin/shared/client-files/contents';
import { ClientDirectory } from '../../bin/shared/client-files/directory';
import type { TlsCredentials } from '../../client/tls-request';
import type { ClientSecret } from '../../mesh/client-secret';
import { keyAlgorithmOf, privateKeyPem } from '../../pki/keys';
import type { EndEntity } from '../pki/authorities';

const STORE_PASSWORD = 'example-password';

export class Files {
  readonly path = mkdtempSync(join(tmpdir(), 'mtls-mesh-interop-'));
  readonly mail = join(this.path, 'mail');
  readonly passwordFile = join(this.path, 'password');
  private readonly client = new ClientDirectory(this.mail);

  constructor() {
    mkdirSync(join(this.path, 'server'));
    this.write('password', STORE_PASSWORD);
  }

  /**
   * Replaces the files of the client, as the commands of the product do.
   * @param clientAuthorities what servers trust
   */
  async writeClient(secret: ClientSecret, clientAuthorities = secret.certificateChain): Promise<void> {
    const selection = { formats: ['pem', 'p12'], truststore: 'p12', password: STORE_PASSWORD } as const;
    const files = clientFiles(secret, clientAuthorities, selection);
    await this.client.replace(files, generationId(secret, clientAuthorities, selection));
  }

  /** Replaces the server's key and then its certificate, as ACME clients do: a reader can find the new one of only one. */
  writeServer({ pem, privateKey }: EndEntity): void {
    this.write(join('server', 'private-key.pem'), privateKeyPem(privateKey));
    this.write(join('server', 'certificate.pem'), pem);
  }

  /** @returns the path */
  write(name: string, contents: string): string {
    const path = join(this.path, name);
    writeFileSync(`${path}.new`, contents, { mode: 0o600 });
    renameSync(`${path}.new`, path);
    return path;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** The secret of a client whose certificate another authority signed. */
export function secretOf(clientName: string, credentials: TlsCredentials): ClientSecret {
  const certificate = new X509Certificate(credentials.certificate);
  const keyAlgorithm = keyAlgorithmOf(createPrivateKey(credentials.privateKey));
  if (keyAlgorithm === undefined) throw new Error('the key has an unknown algorithm');
  return {
    ...credentials,
    clientName,
    spiffeId: String(certificate.subjectAltName).replace('URI:', ''),
    serialNumber: certificate.serialNumber,
    notBefore: new Date(certificate.validFrom).toISOString(),
    notAfter: new Date(certificate.validTo).toISOString(),
    keyAlgorithm,
    fingerprint: certificate.fingerprint256,
  };
}
