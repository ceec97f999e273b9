import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { isClientCertificate, notAfterOf, notBeforeOf, spiffeIdOf } from './certificate-fields';
import { ChainError, verifyChain } from './chain';
import { type ClientSecret, KEY_ALGORITHMS, type KeyAlgorithm } from './contract';
import { privateKeyPem } from './keys';
import { encodePem, PemError, readCertificate, readCertificates } from './pem';

/** A secret that a client could not use. Never quotes the secret, which holds a private key. */
export class ClientSecretError extends Error {
  override readonly name = 'ClientSecretError';
}

export interface IssuedCertificate {
  readonly clientName: string;
  readonly spiffeId: string;
  readonly certificatePem: string;
  /** The issuing authority first, the root last. */
  readonly certificateChainPem: string;
  readonly privateKey: KeyObject;
  readonly keyAlgorithm: KeyAlgorithm;
}

/**
 * The secret's JSON for a certificate as the authority gave it; PEM texts are brought into one form.
 * Whether it serves the client, `verifyClientSecret` says.
 *
 * @throws PemError when the authority's texts do not hold one certificate and its chain
 */
export function composeClientSecret(issued: IssuedCertificate): ClientSecret {
  const certificate = readCertificate(issued.certificatePem);
  return {
    clientName: issued.clientName,
    spiffeId: issued.spiffeId,
    certificate: encodePem('CERTIFICATE', certificate.raw),
    certificateChain: readCertificates(issued.certificateChainPem).map(pemOf).join(''),
    privateKey: privateKeyPem(issued.privateKey),
    ...describe(certificate),
    keyAlgorithm: issued.keyAlgorithm,
  };
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
 * Checks that a client can authenticate with the secret at the time given: the certificate verifies up to its root,
 * serves TLS clients, names the SPIFFE ID, belongs to the private key, and is the one that the other fields describe.
 *
 * @throws ClientSecretError with the first rule that is broken
 */
export function verifyClientSecret(secret: ClientSecret, at: Date): void {
  const certificate = readField('certificate', () => readCertificate(secret.certificate));
  const authorities = readField('certificateChain', () => readCertificates(secret.certificateChain));
  assertChain(certificate, authorities, at);
  if (!isClientCertificate(certificate)) {
    throw new ClientSecretError('the certificate is not an end-entity certificate for TLS clients');
  }
  const spiffeId = spiffeIdOf(certificate);
  if (spiffeId !== secret.spiffeId) {
    throw new ClientSecretError(`the certificate's SPIFFE ID (${spiffeId ?? 'none'}) is not the one the secret names`);
  }
  if (!certificate.checkPrivateKey(readPrivateKey(secret))) {
    throw new ClientSecretError('the private key is not that of the certificate');
  }
  const described = describe(certificate);
  const wrong = DESCRIBED_FIELDS.find((field) => secret[field] !== described[field]);
  if (wrong !== undefined) throw new ClientSecretError(`the secret's "${wrong}" is not that of the certificate`);
}

const DESCRIBED_FIELDS = ['serialNumber', 'notBefore', 'notAfter', 'fingerprint'] as const;

function describe(certificate: X509Certificate): Pick<ClientSecret, (typeof DESCRIBED_FIELDS)[number]> {
  return {
    serialNumber: certificate.serialNumber,
    notBefore: notBeforeOf(certificate).toISOString(),
    notAfter: notAfterOf(certificate).toISOString(),
    fingerprint: certificate.fingerprint256,
  };
}

function pemOf(certificate: X509Certificate): string {
  return encodePem('CERTIFICATE', certificate.raw);
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

function readField<T>(field: keyof ClientSecret, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof PemError)) throw cause;
    throw new ClientSecretError(`the secret's "${field}" cannot be read: ${cause.message}`, { cause });
  }
}

function assertChain(certificate: X509Certificate, authorities: readonly X509Certificate[], at: Date): void {
  try {
    verifyChain(certificate, authorities, at);
  } catch (cause) {
    if (!(cause instanceof ChainError)) throw cause;
    throw new ClientSecretError(cause.message, { cause });
  }
}

function readPrivateKey(secret: ClientSecret): KeyObject {
  try {
    return createPrivateKey(secret.privateKey);
  } catch {
    throw new ClientSecretError('the secret\'s "privateKey" is not an unencrypted private key in PEM');
  }
}
