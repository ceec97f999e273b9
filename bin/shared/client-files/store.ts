import type { CertificateDocument } from '../../../mesh/certificate-document';
import type { ClientSecret } from '../../../mesh/client-secret';
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
  readonly json?: true | undefined;
}

/** Writes the files of a client, and prints what it has written. */
export async function storeClient(secret: ClientSecret, { directory, path, selection, json }: Store): Promise<void> {
  const changed = await replaceClientFiles(directory, secret, selection);
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
 * The authorities of its own certificate are those that servers must trust: they have issued those of the other clients too.
 * @returns whether the files have changed
 */
export async function replaceClientFiles(
  directory: ClientDirectory,
  secret: ClientSecret,
  selection: FileSelection,
): Promise<boolean> {
  const clientAuthorities = secret.certificateChain;
  return directory.replace(
    clientFiles(secret, clientAuthorities, selection),
    generationId(secret, clientAuthorities, selection),
  );
}
