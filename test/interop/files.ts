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
import { readCertificates } from '../../pki/pem';
import { encodeKeyStore, encodeTruststore } from '../../pki/pkcs12';
import type { EndEntity } from '../pki/authorities';

/** Of all stores. In the file `password`. */
export const STORE_PASSWORD = 'example-password';

export class Files {
  private directory?: string;

  /** Created when it is needed: tests that are left out don't remove it. */
  get path(): string {
    if (this.directory === undefined) {
      this.directory = mkdtempSync(join(tmpdir(), 'mtls-mesh-interop-'));
      mkdirSync(join(this.directory, 'server'));
      writeFileSync(join(this.directory, 'password'), STORE_PASSWORD, { mode: 0o600 });
    }
    return this.directory;
  }

  get mail(): string {
    return join(this.path, 'mail');
  }

  get passwordFile(): string {
    return join(this.path, 'password');
  }

  /**
   * Replaces the files of the client, as the commands of the product do.
   * @param clientAuthorities what servers trust
   * @param directory of the client
   * @param revocationLists of these authorities
   */
  async writeClient(
    secret: ClientSecret,
    clientAuthorities = secret.certificateChain,
    directory = 'mail',
    revocationLists?: string,
  ): Promise<void> {
    const selection = { formats: ['pem', 'p12'], truststore: 'p12', password: STORE_PASSWORD } as const;
    const files = clientFiles(secret, { clientAuthorities, revocationLists }, selection);
    await new ClientDirectory(join(this.path, directory)).replace(
      files,
      generationId(secret, { clientAuthorities, revocationLists }, selection),
    );
  }

  /**
   * What tells programs of all languages to trust servers of the authority of `writeServerAuthority`. Java also finds
   * mesh.example.com on this machine: its older interface tells a server no name without a dot.
   */
  get environmentOfClients(): Readonly<Record<string, string>> {
    const authority = join(this.path, 'server-ca.pem');
    const hosts = this.write('hosts', '127.0.0.1 localhost mesh.example.com\n');
    const store = `-Djavax.net.ssl.trustStore=${join(this.path, 'server-ca.p12')}`;
    return {
      NODE_EXTRA_CA_CERTS: authority,
      SSL_CERT_FILE: authority,
      CURL_CA_BUNDLE: authority,
      JDK_JAVA_OPTIONS: `-Djdk.net.hosts.file=${hosts} ${store} -Djavax.net.ssl.trustStorePassword=${STORE_PASSWORD}`,
    };
  }

  writeServerAuthority(pem: string): void {
    this.write('server-ca.pem', pem);
    this.write('server-ca.p12', encodeTruststore('server-ca', readCertificates(pem), STORE_PASSWORD));
  }

  /** Replaces the server's key and then its certificate, as ACME clients do: a reader can find the new one of only one. */
  writeServer({ pem, privateKey, certificate }: EndEntity): void {
    const entry = { name: 'server', privateKey, certificate, authorities: [] };
    this.write(join('server', 'keystore.p12'), encodeKeyStore(entry, STORE_PASSWORD));
    this.write(join('server', 'private-key.pem'), privateKeyPem(privateKey));
    this.write(join('server', 'certificate.pem'), pem);
  }

  /** @returns the path */
  write(name: string, contents: string | Buffer): string {
    const path = join(this.path, name);
    writeFileSync(`${path}.new`, contents, { mode: 0o600 });
    renameSync(`${path}.new`, path);
    return path;
  }

  remove(): void {
    if (this.directory !== undefined) rmSync(this.directory, { recursive: true, force: true });
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
