/** `mtls-mesh request`: a key of this machine's own, and a certificate for it. */

import { createPublicKey, type KeyObject } from 'node:crypto';
import type { CertificateDocument } from '../../mesh/certificate-document';
import { CertificateDocumentError, verifyCertificateDocument } from '../../mesh/certificate-document';
import { spiffeIdOf } from '../../pki/certificate-fields';
import { createCertificateSigningRequest } from '../../pki/certificate-signing-request';
import type { KeyAlgorithm } from '../../pki/keys';
import { generatePrivateKey, privateKeyPem } from '../../pki/keys';
import { PemError, readCertificate } from '../../pki/pem';
import { requestCertificate } from './issuer';
import { PairDirectory } from './pair-directory';

export interface RequestOptions {
  /** Its name. */
  readonly client: string;
  /** Of the issuer. */
  readonly url: URL;
  /** @default - the name of the client */
  readonly out?: string;
  readonly keyAlgorithm: KeyAlgorithm;
}

/** The issuer answered with a certificate that can't be used. */
class UnusableCertificateError extends Error {
  override readonly name = 'UnusableCertificateError';
}

/** @param ask gets the certificate */
export async function request(
  { client, url, out = client, keyAlgorithm }: RequestOptions,
  ask = requestCertificate,
): Promise<void> {
  // Fails before anything is issued that can't be stored.
  const directory = await PairDirectory.open(out);
  const privateKey = await generatePrivateKey(keyAlgorithm);
  const certificateSigningRequest = createCertificateSigningRequest(privateKey, client);
  const document = await ask(url, { clientName: client, certificateSigningRequest });
  verify(document, client, createPublicKey(privateKey));
  await directory.replace({
    'key.pem': privateKeyPem(privateKey),
    'certificate.pem': document.certificate,
    'chain.pem': document.certificateChain,
  });
  console.log(`${client} has a new certificate in ${out}: ${document.serialNumber}, valid until ${document.notAfter}`);
}

/** The command knows the client's name, but not the mesh's trust domain. */
function verify(document: CertificateDocument, clientName: string, publicKey: KeyObject): void {
  const now = new Date();
  try {
    const spiffeId = spiffeIdOf(readCertificate(document.certificate)) ?? '';
    if (!spiffeId.endsWith(`/${clientName}`)) {
      throw new CertificateDocumentError(`it belongs to ${spiffeId || 'nobody'}`);
    }
    verifyCertificateDocument(document, { spiffeId, publicKey }, now);
  } catch (cause) {
    if (!(cause instanceof CertificateDocumentError || cause instanceof PemError)) throw cause;
    throw new UnusableCertificateError(
      `the issuer answered with a certificate that can't be used (it is ${now.toISOString()} here): ${cause.message}`,
      { cause },
    );
  }
}
