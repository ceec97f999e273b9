import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { composeCertificateDocument } from '../../../mesh/certificate-document';
import { type ClientSecret, verifyClientSecret } from '../../../mesh/client-secret';
import { spiffeIdOf } from '../../../pki/certificate-fields';
import { keyAlgorithmOf } from '../../../pki/keys';
import { readCertificate } from '../../../pki/pem';
import { CLIENT_FILES } from './contents';

/** What the PEM files in a directory contain. Undefined if the client can't authenticate with them at the given time. */
export async function heldSecret(directory: string, clientName: string, at: Date): Promise<ClientSecret | undefined> {
  const read = (name: string) => readFile(join(directory, name), 'utf8');
  try {
    const privateKey = await read(CLIENT_FILES.privateKey);
    const document = composeCertificateDocument(await read(CLIENT_FILES.certificate), await read(CLIENT_FILES.chain));
    const spiffeId = spiffeIdOf(readCertificate(document.certificate)) ?? '';
    const keyAlgorithm = keyAlgorithmOf(createPrivateKey(privateKey));
    if (!spiffeId.endsWith(`/${clientName}`) || keyAlgorithm === undefined) return undefined;
    const secret = { ...document, clientName, spiffeId, privateKey, keyAlgorithm };
    verifyClientSecret(secret, at);
    return secret;
  } catch {
    return undefined;
  }
}
