import type { KeyAlgorithm } from '../../pki/keys';
import { clientFileNames } from '../shared/client-files/contents';
import { ClientDirectory } from '../shared/client-files/directory';
import { type FileOptions, fileSettings, type PublishedOptions } from '../shared/client-files/options';
import { readPublished } from '../shared/client-files/published';
import { storeClient } from '../shared/client-files/store';
import { requestClientCertificate } from './client-certificate';
import { requestCertificate } from './issuer';

export interface RequestOptions extends FileOptions, PublishedOptions {
  /** The client's name. */
  readonly client: string;
  /** The issuer's URL. */
  readonly url: URL;
  /** @default - the client's name */
  readonly out?: string;
  /** @default - that of the key in the directory, or else the one that the issuer accepts */
  readonly keyAlgorithm?: KeyAlgorithm;
  readonly json?: true;
}

/**
 * Writes a new private key and a certificate for it to files.
 * @param ask requests the certificate
 */
export async function runRequest(options: RequestOptions, ask = requestCertificate): Promise<void> {
  const { client, url, out = client, keyAlgorithm } = options;
  const { selection, access } = fileSettings(options);
  const directory = new ClientDirectory(out, access);
  // Both fail before a certificate is issued that can't be stored.
  await directory.prepare(clientFileNames(selection, options.crl !== undefined));
  const published = await readPublished(options);
  const secret = await requestClientCertificate({ client, url, directory: out, keyAlgorithm }, ask);
  await storeClient(secret, { directory, path: out, selection, published, json: options.json });
}
