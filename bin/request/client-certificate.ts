import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CertificateDocument,
  CertificateDocumentError,
  verifyCertificateDocument,
} from '../../mesh/certificate-document';
import type { ClientSecret } from '../../mesh/client-secret';
import { spiffeIdOf } from '../../pki/certificate-fields';
import { createCertificateSigningRequest } from '../../pki/certificate-signing-request';
import { generatePrivateKey, type KeyAlgorithm, keyAlgorithmOf, privateKeyPem } from '../../pki/keys';
import { PemError, readCertificate } from '../../pki/pem';
import { CLIENT_FILES } from '../shared/client-files/contents';
import { IssuerError, requestCertificate } from './issuer';

/** What a certificate is requested with. */
export interface CertificateOrder {
  /** The client's name. */
  readonly client: string;
  /** The issuer's URL. */
  readonly url: URL;
  /** With the files of earlier requests. */
  readonly directory: string;
  /** @default - that of the key in the directory, or else the one that the issuer accepts */
  readonly keyAlgorithm?: KeyAlgorithm | undefined;
}

/** The issuer answered with a certificate that the client can't use. */
class UnusableCertificateError extends Error {
  override readonly name = 'UnusableCertificateError';
}

/**
 * Generates a private key and requests a certificate for it.
 * @param ask requests the certificate
 */
export async function requestClientCertificate(
  { client, url, directory, keyAlgorithm }: CertificateOrder,
  ask = requestCertificate,
): Promise<ClientSecret> {
  const request = async (keyAlgorithm: KeyAlgorithm): Promise<ClientSecret> => {
    const privateKey = await generatePrivateKey(keyAlgorithm);
    const certificateSigningRequest = createCertificateSigningRequest(privateKey, client);
    const document = await ask(url, { clientName: client, certificateSigningRequest });
    const spiffeId = verify(document, client, createPublicKey(privateKey));
    return { ...document, clientName: client, spiffeId, privateKey: privateKeyPem(privateKey), keyAlgorithm };
  };
  return keyAlgorithm === undefined
    ? requestWithRightAlgorithm(request, algorithmIn(directory) ?? 'EC_prime256v1')
    : request(keyAlgorithm);
}

/** Requests again, once, if the issuer names another algorithm than the first. */
async function requestWithRightAlgorithm(
  request: (keyAlgorithm: KeyAlgorithm) => Promise<ClientSecret>,
  first: KeyAlgorithm,
): Promise<ClientSecret> {
  try {
    return await request(first);
  } catch (error) {
    const named = error instanceof IssuerError ? error.keyAlgorithm : undefined;
    if (named === undefined) throw error;
    return request(named);
  }
}

/** The command does not know the mesh's trust domain, so it compares the client's name. @returns the SPIFFE ID */
function verify(document: CertificateDocument, clientName: string, publicKey: KeyObject): string {
  const now = new Date();
  try {
    const spiffeId = spiffeIdOf(readCertificate(document.certificate)) ?? '';
    if (!spiffeId.endsWith(`/${clientName}`)) {
      throw new CertificateDocumentError(`${spiffeId ? `its SPIFFE ID is ${spiffeId}` : 'it has no SPIFFE ID'}`);
    }
    verifyCertificateDocument(document, { spiffeId, publicKey }, now);
    return spiffeId;
  } catch (cause) {
    if (!(cause instanceof CertificateDocumentError || cause instanceof PemError)) throw cause;
    throw new UnusableCertificateError(
      `the issuer answered with a certificate that ${clientName} can't use: ${cause.message} (time on this machine: ${now.toISOString()})`,
      { cause },
    );
  }
}

/** Of the key that the directory has from an earlier run. */
function algorithmIn(directory: string): KeyAlgorithm | undefined {
  try {
    return keyAlgorithmOf(createPrivateKey(readFileSync(join(directory, CLIENT_FILES.privateKey))));
  } catch {
    return undefined;
  }
}
