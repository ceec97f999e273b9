import type { ClientSecret, SecretReader } from '../../client';
import { composeCertificateDocument } from '../../mesh/certificate-document';
import { privateKeyPem } from '../../pki/keys';
import { type Authority, type ClientOptions, createClient } from '../pki/authorities';

/** A new certificate for the client `mail`, as its secret holds it. */
export async function createSecret(authority: Authority, options: ClientOptions = {}): Promise<ClientSecret> {
  const { pem, privateKey } = await createClient(authority, 'mail', options);
  return {
    clientName: 'mail',
    spiffeId: 'spiffe://example.com/mail',
    ...composeCertificateDocument(pem, authority.pem),
    privateKey: privateKeyPem(privateKey),
    keyAlgorithm: 'EC_prime256v1',
  };
}

/** Secrets Manager with one secret, whose value is what `read` gives; counts how often it is asked. */
export class OneSecret implements SecretReader {
  calls = 0;

  constructor(public read: (call: number) => Promise<string | undefined> | string | undefined) {}

  async getSecretValue(): Promise<{ SecretString?: string }> {
    this.calls += 1;
    return { SecretString: await this.read(this.calls) };
  }
}
