import { setTimeout } from 'node:timers/promises';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Destination } from '../../client';
import { secretName } from '../../mesh/names';
import { requestClientCertificate } from '../request/client-certificate';
import { SDK_SETTINGS } from '../shared/aws-access';
import { clientFileNames } from '../shared/client-files/contents';
import { ClientDirectory } from '../shared/client-files/directory';
import { heldSecret } from '../shared/client-files/held';
import { type FileOptions, fileSettings, type PublishedOptions } from '../shared/client-files/options';
import { PublishedObject, readClientAuthorities } from '../shared/client-files/published';
import { UsageError } from '../shared/exit-codes';
import { serveHealth } from './health';
import { Keeper } from './keeper';
import { KeptLists } from './kept-lists';
import { type AgentLog, agentLog, type LogFormat } from './log';
import { PROBE_INTERVAL, refusalAt } from './probe';
import { ReloadCommand } from './reload';
import { type CertificateSource, RequestSource, SecretSource } from './source';
import { WakeableClock } from './wakeable';

export interface AgentOptions extends FileOptions, PublishedOptions {
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

/** Between looks for other revocation lists, which can't wait as certificates can. Milliseconds. */
const LISTS_INTERVAL = 15_000;

/** What the mesh publishes for servers. */
interface Published {
  readonly clientAuthorities?: PublishedObject | undefined;
  readonly revocationLists?: PublishedObject | undefined;
}

/** Keeps the files of clients current until a signal ends the process, or once. */
export async function runAgent(options: AgentOptions): Promise<void> {
  const ended = new AbortController();
  const log = agentLog(options.logFormat, (line) => console.log(line));
  const { clientCa, crl } = options;
  const published: Published = {
    clientAuthorities: clientCa && new PublishedObject(clientCa),
    revocationLists: crl && new PublishedObject(crl),
  };
  const keepers = await Promise.all(
    [...options.client].map(([client, path]) => keeperOf(client, path, { options, published, log })),
  );
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
  const { revocationLists } = published;
  const listsInterval = Math.min(LISTS_INTERVAL, options.interval * 1000);
  const intervals = `${options.interval} seconds${revocationLists ? `, and for revocation lists every ${listsInterval / 1000}` : ''}`;
  log({ level: 'info', event: 'started', message: `the agent looks every ${intervals}` });
  await Promise.all([
    ...keepers.map((keeper) => keeper.run(ended.signal)),
    ...(revocationLists ? [watchLists(revocationLists, keepers, listsInterval, ended.signal)] : []),
    ...(options.probe === undefined ? [] : [probe(options.probe, keepers, ended.signal)]),
  ]);
  server?.close();
  server?.closeAllConnections();
  log({ level: 'info', event: 'ended', message: 'the agent ends; the files stay' });
}

interface KeeperSurroundings {
  readonly options: AgentOptions;
  readonly published: Published;
  readonly log: AgentLog;
}

async function keeperOf(
  client: string,
  path: string,
  { options, published, log }: KeeperSurroundings,
): Promise<Keeper> {
  const { selection, access } = fileSettings(options);
  const { clientAuthorities, revocationLists } = published;
  const directory = new ClientDirectory(path, access);
  // Fails at the start, and not when the first certificate is there.
  await directory.prepare(clientFileNames(selection, revocationLists !== undefined));
  return new Keeper({
    client,
    path,
    directory,
    selection,
    source: await sourceOf(client, path, options),
    readClientAuthorities: clientAuthorities && (() => readClientAuthorities(clientAuthorities)),
    lists: revocationLists && new KeptLists(path, () => revocationLists.read()),
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

/** An object that can't be read is what the looks of the keepers report. */
async function watchLists(
  lists: PublishedObject,
  keepers: readonly Keeper[],
  interval: number,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await setTimeout(interval, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    const text = await lists.read().catch(() => undefined);
    if (text !== undefined) for (const keeper of keepers) keeper.onPublishedLists(text);
  }
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
