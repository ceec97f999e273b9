import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { CertificateDocumentError, verifyCertificateDocument } from './certificate-document';
import { type ClientSecret, KEY_ALGORITHMS } from './contract';

/** A secret that a client could not use. Never quotes the secret, which holds a private key. */
export class ClientSecretError extends Error {
  override readonly name = 'ClientSecretError';
}

/** @throws ClientSecretError when the text is not JSON or not the shape of a client's secret */
export function parseClientSecret(json: string): ClientSecret {
  const fields = parseObject(json);
  const text = (name: keyof ClientSecret): string => {
    const value = fields[name];
    if (typeof value === 'string' && value !== '') return value;
    throw new ClientSecretError(`the secret has no text "${name}"`);
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
 * Checks that a client can authenticate with the secret at the time given: the certificate serves it, belongs to the
 * private key, and is the one that the other fields describe.
 *
 * @throws ClientSecretError with the first rule that is broken
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
    // The parser's error quotes the text, so that it is no cause to pass on.
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
