import { lookup } from 'node:dns/promises';
import { connect, isIP } from 'node:net';
import type { Destination } from '../../client';
import { type Finding, ok, wrong } from './finding';

/** Of a connection. Milliseconds. */
export const CONNECT_TIMEOUT = 5_000;

/** Whether the name has addresses. */
export async function checkName({ host }: Destination): Promise<Finding> {
  if (isIP(host) !== 0) return ok(`the address of the server is ${host}`);
  try {
    const addresses = await lookup(host, { all: true });
    return ok(`${host} is at ${addresses.map(({ address }) => address).join(', ')}`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const remedy =
      'check the spelling, and that the DNS zone has a record for the domain name of the gateway; for a sandbox, set ' +
      'the variables that `mtls-mesh up` prints';
    return wrong('network', `the name ${host} can't be resolved (${code})`, remedy);
  }
}

/** Whether something listens. */
export async function checkPort({ host, port }: Destination): Promise<Finding> {
  const socket = connect({ host, port, timeout: CONNECT_TIMEOUT });
  try {
    const problem = await new Promise<string | undefined>((resolve) => {
      socket.once('connect', () => resolve(undefined));
      socket.once('timeout', () => resolve(`no answer within ${CONNECT_TIMEOUT / 1000} seconds`));
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
    if (problem === undefined) return ok(`${host} accepts connections on port ${port}`);
    const remedy = problem.startsWith('ECONNREFUSED')
      ? 'check the port, and that the server runs'
      : 'check firewalls, security groups, routes, and whether a proxy is needed';
    return wrong('network', `no connection to ${host} on port ${port}: ${problem}`, remedy);
  } finally {
    socket.destroy();
  }
}
