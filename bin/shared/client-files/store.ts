import type { CertificateDocument } from '../../../mesh/certificate-document';
import { type ClientSecret, verifyClientSecret } from '../../../mesh/client-secret';
import { clientFiles, type FileSelection, generationId } from './contents';
import type { ClientDirectory } from './directory';

/** The line of JSON that `fetch` and `request` print. */
interface PrintedClient extends Omit<CertificateDocument, 'certificate' | 'certificateChain'> {
  readonly clientName: string;
  /** Where the files are. */
  readonly directory: string;
  /** Whether the files have changed. */
  readonly changed: boolean;
}

interface Store {
  readonly directory: ClientDirectory;
  /** Of the directory, as the user has specified it. */
  readonly path: string;
  readonly selection: FileSelection;
  /** PEM. @default - the authorities of the client's certificate */
  readonly clientAuthorities?: string | undefined;
  readonly json?: true | undefined;
}

/** Writes the files of a client, and prints what it has written. */
export async function storeClient(secret: ClientSecret, store: Store): Promise<void> {
  const { directory, path, selection, clientAuthorities, json } = store;
  const changed = await replaceClientFiles(directory, secret, selection, clientAuthorities);
  const { clientName, serialNumber, fingerprint, notBefore, notAfter } = secret;
  const printed: PrintedClient = {
    clientName,
    directory: path,
    changed,
    serialNumber,
    fingerprint,
    notBefore,
    notAfter,
  };
  if (json) console.log(JSON.stringify(printed));
  else {
    const what = changed ? `${clientName} has a new certificate in ${path}` : `${path} has the current certificate`;
    console.log(`${what}: ${serialNumber}, valid until ${notAfter}`);
  }
}

/**
 * @param clientAuthorities PEM. By default those of the client's own certificate, which have issued those of the other clients
 *   too, unless an authority is being replaced
 * @returns whether the files have changed
 * @throws ClientSecretError if the client can't use the certificate now. The files stay as they are.
 */
export async function replaceClientFiles(
  directory: ClientDirectory,
  secret: ClientSecret,
  selection: FileSelection,
  clientAuthorities = secret.certificateChain,
): Promise<boolean> {
  verifyClientSecret(secret, new Date());
  return directory.replace(
    clientFiles(secret, clientAuthorities, selection),
    generationId(secret, clientAuthorities, selection),
  );
}
