import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { composeCertificateDocument } from '../../../mesh/certificate-document';
import { type ClientSecret, verifyClientSecret } from '../../../mesh/client-secret';
import { spiffeIdOf } from '../../../pki/certificate-fields';
import { keyAlgorithmOf } from '../../../pki/keys';
import { readCertificate } from '../../../pki/pem';
import { CLIENT_FILES } from './contents';

/** The files in a directory are not those of the client. */
class HeldFilesError extends Error {
  override readonly name = 'HeldFilesError';
}

/** What the PEM files in a directory contain. @throws HeldFilesError, PemError, or the error of the file system */
export async function readSecretIn(directory: string, clientName: string): Promise<ClientSecret> {
  const read = (name: string) => readFile(join(directory, name), 'utf8');
  const privateKey = await read(CLIENT_FILES.privateKey);
  const document = composeCertificateDocument(await read(CLIENT_FILES.certificate), await read(CLIENT_FILES.chain));
  const spiffeId = spiffeIdOf(readCertificate(document.certificate)) ?? '';
  if (!spiffeId.endsWith(`/${clientName}`)) {
    throw new HeldFilesError(
      `the certificate in ${directory} is not that of ${clientName}: ${spiffeId || 'no SPIFFE ID'}`,
    );
  }
  const keyAlgorithm = keyAlgorithmOf(createPrivateKey(privateKey));
  if (keyAlgorithm === undefined) throw new HeldFilesError(`the key in ${directory} is not one that a mesh certifies`);
  return { ...document, clientName, spiffeId, privateKey, keyAlgorithm };
}

/** The same, or undefined if the client can't authenticate with it at the given time. */
export async function heldSecret(directory: string, clientName: string, at: Date): Promise<ClientSecret | undefined> {
  try {
    const secret = await readSecretIn(directory, clientName);
    verifyClientSecret(secret, at);
    return secret;
  } catch {
    return undefined;
  }
}
