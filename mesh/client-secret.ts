import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { KEY_ALGORITHMS, type KeyAlgorithm } from '../pki/keys';
import { type CertificateDocument, CertificateDocumentError, verifyCertificateDocument } from './certificate-document';

/** The JSON document in a client's secret. */
export interface ClientSecret extends CertificateDocument {
  /** The client's name in the mesh, a DNS label. */
  readonly clientName: string;
  /** `spiffe://<trust domain>/<client name>`, the certificate's only URI SAN. */
  readonly spiffeId: string;
  /** PKCS#8, PEM, unencrypted. */
  readonly privateKey: string;
  readonly keyAlgorithm: KeyAlgorithm;
}

/** The client can't use the secret. The message never quotes the secret, which contains a private key. */
export class ClientSecretError extends Error {
  override readonly name = 'ClientSecretError';
}

/** @throws ClientSecretError if the text is not JSON or does not have the shape of a client's secret */
export function parseClientSecret(json: string): ClientSecret {
  const fields = parseObject(json);
  const text = (name: keyof ClientSecret): string => {
    const value = fields[name];
    if (typeof value === 'string' && value !== '') return value;
    throw new ClientSecretError(`the secret has no string "${name}"`);
  };
  const keyAlgorithm = KEY_ALGORITHMS.find((algorithm) => algorithm === fields['keyAlgorithm']);
  if (keyAlgorithm === undefined) {
    throw new ClientSecretError(`the secret's "keyAlgorithm" must be one of ${KEY_ALGORITHMS.join(', ')}`);
  }
  return {
    clientName: text('clientName'),
    spiffeId: text('spiffeId'),
    certificate: text('certificate'),
    certificateChain: text('certificateChain'),
    privateKey: text('privateKey'),
    serialNumber: text('serialNumber'),
    notBefore: text('notBefore'),
    notAfter: text('notAfter'),
    keyAlgorithm,
    fingerprint: text('fingerprint'),
  };
}

/**
 * Checks that the client can authenticate with the secret at the given time: the certificate is valid for the client,
 * belongs to the private key and matches the other fields.
 *
 * @throws ClientSecretError for the first check that fails
 */
export function verifyClientSecret(secret: ClientSecret, at: Date): void {
  const publicKey = createPublicKey(readPrivateKey(secret));
  try {
    verifyCertificateDocument(secret, { spiffeId: secret.spiffeId, publicKey }, at);
  } catch (cause) {
    if (!(cause instanceof CertificateDocumentError)) throw cause;
    throw new ClientSecretError(cause.message, { cause });
  }
}

function parseObject(json: string): Partial<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // The parser's error quotes the text, so it must not be the cause.
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ClientSecretError('the secret is not a JSON object');
  }
  return { ...value };
}

function readPrivateKey(secret: ClientSecret): KeyObject {
  try {
    return createPrivateKey(secret.privateKey);
  } catch {
    throw new ClientSecretError('the secret\'s "privateKey" is not an unencrypted private key in PEM');
  }
}
