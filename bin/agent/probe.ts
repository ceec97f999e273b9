import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { failureSentence } from '../../aws/failure';
import { requestOverTls, TlsRequestError, type TlsRequestOptions } from '../../client';
import { withEnvironment } from '../../client/environment';
import { CLIENT_FILES } from '../shared/client-files/contents';

/** Between two requests. Milliseconds. */
export const PROBE_INTERVAL = 15_000;
const TIME_LIMIT = 10_000;
/** The gateway answers 403 when it refuses the client. */
const FORBIDDEN = 403;

/**
 * Sends a GET request with the certificate in the files of a client. Reaches the mesh as a `MeshHttpClient` does, also by the
 * variables for a sandbox.
 *
 * @returns why the certificate is refused; undefined if it is not, or the server can't be reached
 */
export async function refusalAt(url: string, directory: string): Promise<string | undefined> {
  const read = (name: string) => readFile(join(directory, name), 'utf8');
  try {
    const credentials = {
      certificate: await read(CLIENT_FILES.certificate),
      certificateChain: await read(CLIENT_FILES.chain),
      privateKey: await read(CLIENT_FILES.privateKey),
    };
    const options: TlsRequestOptions = { credentials, timeout: TIME_LIMIT };
    const response = await requestOverTls(url, {}, withEnvironment(options));
    await response.body?.cancel();
    return response.status === FORBIDDEN ? `${url} answered ${response.status}` : undefined;
  } catch (error) {
    const isRefusal = error instanceof TlsRequestError && (error.certificateRefused || error.connectionReset);
    return isRefusal ? failureSentence(error) : undefined;
  }
}
