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
  /** The client's name. */
  readonly client: string;
  /** The issuer's URL. */
  readonly url: URL;
  /** @default - the client's name */
  readonly out?: string;
  readonly keyAlgorithm: KeyAlgorithm;
  readonly json?: true;
}

/** The line of JSON that `request` prints. */
interface PrintedRequest extends Omit<CertificateDocument, 'certificate' | 'certificateChain'> {
  readonly clientName: string;
  /** Where the files are. */
  readonly directory: string;
}

/** The issuer answered with a certificate that the client can't use. */
class UnusableCertificateError extends Error {
  override readonly name = 'UnusableCertificateError';
}

/**
 * Generates a private key and requests a certificate for it.
 * @param ask requests the certificate
 */
export async function runRequest(
  { client, url, out = client, keyAlgorithm, json }: RequestOptions,
  ask = requestCertificate,
): Promise<void> {
  // Fails before a certificate is issued that can't be stored.
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
  const { serialNumber, fingerprint, notBefore, notAfter } = document;
  const printed: PrintedRequest = {
    clientName: client,
    directory: out,
    serialNumber,
    fingerprint,
    notBefore,
    notAfter,
  };
  if (json) console.log(JSON.stringify(printed));
  else console.log(`${client} has a new certificate in ${out}: ${serialNumber}, valid until ${notAfter}`);
}

/** The command does not know the mesh's trust domain, so it compares the client's name. */
function verify(document: CertificateDocument, clientName: string, publicKey: KeyObject): void {
  const now = new Date();
  try {
    const spiffeId = spiffeIdOf(readCertificate(document.certificate)) ?? '';
    if (!spiffeId.endsWith(`/${clientName}`)) {
      throw new CertificateDocumentError(`${spiffeId ? `its SPIFFE ID is ${spiffeId}` : 'it has no SPIFFE ID'}`);
    }
    verifyCertificateDocument(document, { spiffeId, publicKey }, now);
  } catch (cause) {
    if (!(cause instanceof CertificateDocumentError || cause instanceof PemError)) throw cause;
    throw new UnusableCertificateError(
      `the issuer answered with a certificate that ${clientName} can't use: ${cause.message} (time on this machine: ${now.toISOString()})`,
      { cause },
    );
  }
}
