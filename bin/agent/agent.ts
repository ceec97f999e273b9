import { setTimeout } from 'node:timers/promises';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Destination } from '../../client';
import { secretName } from '../../mesh/names';
import { requestClientCertificate } from '../request/client-certificate';
import { SDK_SETTINGS } from '../shared/aws-access';
import { readClientAuthorities } from '../shared/client-files/client-authorities';
import { clientFileNames } from '../shared/client-files/contents';
import { ClientDirectory } from '../shared/client-files/directory';
import { heldSecret } from '../shared/client-files/held';
import { type ClientAuthoritiesOptions, type FileOptions, fileSettings } from '../shared/client-files/options';
import { UsageError } from '../shared/exit-codes';
import { serveHealth } from './health';
import { Keeper } from './keeper';
import { type AgentLog, agentLog, type LogFormat } from './log';
import { PROBE_INTERVAL, refusalAt } from './probe';
import { ReloadCommand } from './reload';
import { type CertificateSource, RequestSource, SecretSource } from './source';
import { WakeableClock } from './wakeable';

export interface AgentOptions extends FileOptions, ClientAuthoritiesOptions {
  /** Directories by the names of the clients. */
  readonly client: ReadonlyMap<string, string>;
  /** The mesh's trust domain. */
  readonly mesh?: string;
  /** The issuer's URL, for clients that keep their own key. */
  readonly url?: URL;
  readonly reload?: string;
  readonly probe?: string;
  /** Seconds. */
  readonly interval: number;
  readonly once?: true;
  readonly listen?: Destination;
  readonly logFormat: LogFormat;
}

/** Keeps the files of clients current until a signal ends the process, or once. */
export async function runAgent(options: AgentOptions): Promise<void> {
  const ended = new AbortController();
  const log = agentLog(options.logFormat, (line) => console.log(line));
  const keepers = await Promise.all([...options.client].map(([client, path]) => keeperOf(client, path, options, log)));
  if (options.once) {
    const isCurrent = await Promise.all(keepers.map((keeper) => keeper.look(ended.signal)));
    if (isCurrent.includes(false)) process.exitCode = 1;
    return;
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => ended.abort());
  process.on('SIGHUP', () => {
    for (const keeper of keepers) keeper.wake();
  });
  const server =
    options.listen && (await serveHealth(options.listen, () => keepers.map(({ state }) => state), Date.now));
  log({ level: 'info', event: 'started', message: `the agent looks every ${options.interval} seconds` });
  await Promise.all([
    ...keepers.map((keeper) => keeper.run(ended.signal)),
    ...(options.probe === undefined ? [] : [probe(options.probe, keepers, ended.signal)]),
  ]);
  server?.close();
  server?.closeAllConnections();
  log({ level: 'info', event: 'ended', message: 'the agent ends; the files stay' });
}

async function keeperOf(client: string, path: string, options: AgentOptions, log: AgentLog): Promise<Keeper> {
  const { selection, access } = fileSettings(options);
  const { clientCa } = options;
  const directory = new ClientDirectory(path, access);
  // Fails at the start, and not when the first certificate is there.
  await directory.prepare(clientFileNames(selection));
  return new Keeper({
    client,
    path,
    directory,
    selection,
    source: await sourceOf(client, path, options),
    readClientAuthorities: clientCa && (() => readClientAuthorities(clientCa)),
    reload: options.reload === undefined ? undefined : new ReloadCommand(options.reload),
    interval: options.interval * 1000,
    log,
    clock: new WakeableClock(),
  });
}

async function sourceOf(client: string, path: string, options: AgentOptions): Promise<CertificateSource> {
  const { mesh, url, format } = options;
  if (url !== undefined) {
    if (!format.includes('pem')) throw new UsageError('a client that keeps its own key needs the format pem');
    const held = await heldSecret(path, client, new Date());
    return new RequestSource(() => requestClientCertificate({ client, url, directory: path }), held, Date.now);
  }
  if (mesh === undefined) throw new UsageError('the secrets are not known: use --mesh, or set MTLS_MESH');
  return new SecretSource(new SecretsManagerClient(SDK_SETTINGS), secretName(mesh, client), client);
}

async function probe(url: string, keepers: readonly Keeper[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await setTimeout(PROBE_INTERVAL, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    await Promise.all(
      keepers.map(async (keeper) => {
        const refusal = await refusalAt(url, keeper.state.directory);
        if (refusal !== undefined) keeper.onRefused(refusal);
      }),
    );
  }
}
