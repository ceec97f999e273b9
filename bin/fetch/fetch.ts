import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { secretName } from '../../mesh/names';
import { SDK_SETTINGS } from '../shared/aws-access';
import { clientFileNames } from '../shared/client-files/contents';
import { ClientDirectory } from '../shared/client-files/directory';
import { type FileOptions, fileSettings, type PublishedOptions } from '../shared/client-files/options';
import { readPublished } from '../shared/client-files/published';
import { storeClient } from '../shared/client-files/store';
import { readClientSecret } from '../shared/client-secret';
import { UsageError } from '../shared/exit-codes';

export interface FetchOptions extends FileOptions, PublishedOptions {
  /** The client's name. */
  readonly client: string;
  /** The mesh's trust domain. */
  readonly mesh?: string;
  /** Name or ARN. @default - the name that the mesh gives to the client's secret */
  readonly secret?: string;
  /** @default - the client's name */
  readonly out?: string;
  readonly json?: true;
}

/** Writes the certificate in a client's secret to files. */
export async function runFetch(options: FetchOptions): Promise<void> {
  const { client, out = client } = options;
  const secretId = options.secret ?? nameOfSecret(options);
  const { selection, access } = fileSettings(options);
  const directory = new ClientDirectory(out, access);
  await directory.prepare(clientFileNames(selection, options.crl !== undefined));
  const secret = await readClientSecret(new SecretsManagerClient(SDK_SETTINGS), secretId, client);
  const published = await readPublished(options);
  await storeClient(secret, { directory, path: out, selection, published, json: options.json });
}

function nameOfSecret({ mesh, client }: FetchOptions): string {
  if (mesh !== undefined) return secretName(mesh, client);
  throw new UsageError('the secret is not known: use --mesh or --secret, or set MTLS_MESH');
}
