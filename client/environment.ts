import { readFileSync } from 'node:fs';
import type { Destination } from './tls-request';

/** `<host>:<port>` that clients connect to instead of the host of a URL. */
export const CONNECT_TO_VARIABLE = 'MTLS_MESH_CONNECT_TO';
/** A PEM file of the certificate authorities that must have issued the servers' certificates. */
export const CA_FILE_VARIABLE = 'MTLS_MESH_CA_FILE';

/** How a client reaches a mesh. */
interface Reach {
  readonly connectTo?: Destination;
  readonly certificateAuthorities?: string;
}

/**
 * Adds what the environment says to options that leave it open. `mtls-mesh up` prints the variables, so that an app calls
 * a mesh on this machine as it calls the deployed one.
 *
 * @throws Error for a variable that can't be used
 */
export function withEnvironment<O extends Reach>(options: O, environment = process.env): O {
  const connectTo = options.connectTo ?? destinationIn(environment[CONNECT_TO_VARIABLE]);
  const certificateAuthorities = options.certificateAuthorities ?? textOf(environment[CA_FILE_VARIABLE]);
  return { ...options, ...(connectTo && { connectTo }), ...(certificateAuthorities && { certificateAuthorities }) };
}

function destinationIn(text: string | undefined): Destination | undefined {
  if (!text) return undefined;
  const [, bracketed, plain, digits] = /^(?:\[([\da-f:.]+)\]|([\w.-]+)):(\d{1,5})$/i.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host !== undefined && port >= 1 && port <= 65_535) return { host, port };
  throw new Error(`${CONNECT_TO_VARIABLE} must be <host>:<port>, got ${JSON.stringify(text)}`);
}

function textOf(path: string | undefined): string | undefined {
  if (!path) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Error(`${CA_FILE_VARIABLE} must be a PEM file that can be read, got ${path}`, { cause });
  }
}
