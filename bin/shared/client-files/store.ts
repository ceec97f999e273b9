import type { CertificateDocument } from '../../../mesh/certificate-document';
import { type ClientSecret, verifyClientSecret } from '../../../mesh/client-secret';
import { warn } from '../terminal';
import { clientFiles, type FileSelection, generationId, type ServerTrust } from './contents';
import type { ClientDirectory } from './directory';
import { heldRevocationLists, verifyRevocationLists } from './revocation-lists';

/** The line of JSON that `fetch` and `request` print. */
interface PrintedClient extends Omit<CertificateDocument, 'certificate' | 'certificateChain'> {
  readonly clientName: string;
  /** Where the files are. */
  readonly directory: string;
  /** Whether the files have changed. */
  readonly changed: boolean;
  /** When the first list in `crl.pem` is no longer valid. Absent without `crl.pem`. */
  readonly nextUpdate?: string;
  /** What is wrong with the lists in `crl.pem`. Absent without it. */
  readonly warnings?: readonly string[];
}

interface Store {
  readonly directory: ClientDirectory;
  /** Of the directory, as the user has specified it. */
  readonly path: string;
  readonly selection: FileSelection;
  /** The lists as the mesh publishes them. */
  readonly published: ServerTrust;
  readonly json?: true | undefined;
}

/** Writes the files of a client, and prints what it has written. */
export async function storeClient(secret: ClientSecret, store: Store): Promise<void> {
  const { directory, path, selection, published, json } = store;
  const { clientAuthorities = secret.certificateChain } = published;
  const lists =
    published.revocationLists === undefined
      ? undefined
      : verifyRevocationLists(published.revocationLists, {
          clientAuthorities,
          before: await heldRevocationLists(path),
          now: new Date(),
        });
  const trust = { clientAuthorities, revocationLists: lists?.pem };
  const changed = await replaceClientFiles(directory, secret, selection, trust);
  const { clientName, serialNumber, fingerprint, notBefore, notAfter } = secret;
  const printed: PrintedClient = {
    clientName,
    directory: path,
    changed,
    serialNumber,
    fingerprint,
    notBefore,
    notAfter,
    ...(lists && { nextUpdate: lists.nextUpdate.toISOString(), warnings: lists.warnings }),
  };
  for (const warning of lists?.warnings ?? []) warn(warning);
  if (json) console.log(JSON.stringify(printed));
  else {
    const what = changed ? `${clientName} has a new certificate in ${path}` : `${path} has the current certificate`;
    console.log(`${what}: ${serialNumber}, valid until ${notAfter}`);
    if (lists) console.log(`${path} has revocation lists that are valid until ${lists.nextUpdate.toISOString()}`);
  }
}

/**
 * @returns whether the files have changed
 * @throws ClientSecretError if the client can't use the certificate now. The files stay as they are.
 */
export async function replaceClientFiles(
  directory: ClientDirectory,
  secret: ClientSecret,
  selection: FileSelection,
  trust: ServerTrust = {},
): Promise<boolean> {
  verifyClientSecret(secret, new Date());
  return directory.replace(clientFiles(secret, trust, selection), generationId(secret, trust, selection));
}
