import { readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { failureSentence } from '../../aws/failure';
import { notAfterOf } from '../../pki/certificate-fields';
import { readCertificate } from '../../pki/pem';
import { CLIENT_FILES, type FileSelection, generationId } from '../shared/client-files/contents';
import type { ClientDirectory } from '../shared/client-files/directory';
import { heldRevocationLists, nextUpdateIn, type VerifiedLists } from '../shared/client-files/revocation-lists';
import { replaceClientFiles } from '../shared/client-files/store';
import { commandFailure } from '../shared/failure';
import type { KeptLists } from './kept-lists';
import type { AgentEvent, AgentLog, Level } from './log';
import type { ReloadCommand } from './reload';
import { delayAfter } from './schedule';
import type { CertificateSource } from './source';
import type { Wakeable } from './wakeable';

export interface KeeperOptions {
  readonly client: string;
  readonly path: string;
  readonly directory: ClientDirectory;
  readonly selection: FileSelection;
  readonly source: CertificateSource;
  /** Reads the PEM of `client-ca.pem`. @default - the authorities of the client's certificate */
  readonly readClientAuthorities?: (() => Promise<string>) | undefined;
  /** Absent without `crl.pem`. */
  readonly lists?: KeptLists | undefined;
  /** Absent if no program has to be told. */
  readonly reload?: ReloadCommand | undefined;
  /** Milliseconds. */
  readonly interval: number;
  readonly log: AgentLog;
  readonly clock: Wakeable;
}

/** What an agent knows of a client. Times in milliseconds since 1970. */
export interface ClientState {
  readonly client: string;
  /** Absolute. */
  readonly directory: string;
  /** Until when the certificate in the files is valid. Undefined without files. */
  readonly notAfter?: number | undefined;
  /** Until when all lists in `crl.pem` are valid. Undefined without them. */
  readonly nextUpdate?: number | undefined;
  /** What is wrong with the revocation lists. Undefined without them. */
  readonly warnings?: readonly string[] | undefined;
  /** When the files were last known to be current. */
  readonly lastSuccess?: number | undefined;
  /** Why the last look failed. Undefined if it did not. */
  readonly error?: string | undefined;
  readonly replacements: number;
  readonly failures: number;
  readonly reloads: number;
  readonly failedReloads: number;
  readonly refusals: number;
}

/** The ID of the generation with which the reload command has succeeded. */
const RELOADED = '.reloaded';
/** Between looks because of refusals. Milliseconds. */
const REFUSAL_INTERVAL = 5_000;

/** Keeps the files of one client current. */
export class Keeper {
  state: ClientState;
  private consecutiveFailures = 0;
  private nextRotation: number | undefined;
  private isRefused = false;
  private lookedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: KeeperOptions) {
    const { client, path } = options;
    const counts = { replacements: 0, failures: 0, reloads: 0, failedReloads: 0, refusals: 0 };
    this.state = { client, directory: resolve(path), ...counts };
  }

  /** Looks until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look(signal);
      const { interval, clock } = this.options;
      const looked = { failures: this.consecutiveFailures, nextRotation: this.nextRotation };
      await clock.sleep(delayAfter(looked, interval, clock.now(), Math.random()), signal);
    }
  }

  /** Looks once. @returns whether the files are current, and the program has taken them */
  async look(signal: AbortSignal): Promise<boolean> {
    this.lookedAt = this.options.clock.now();
    const isRefused = this.isRefused;
    this.isRefused = false;
    try {
      await this.update(isRefused, signal);
      this.consecutiveFailures = 0;
      this.state = { ...this.state, lastSuccess: this.options.clock.now(), error: undefined };
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      await this.recallFiles();
      this.consecutiveFailures++;
      const message = commandFailure(error);
      this.state = { ...this.state, failures: this.state.failures + 1, error: message };
      this.log(this.isExpired() ? 'error' : 'warn', 'look-failed', `${message}; ${this.remaining()}`);
      return false;
    }
  }

  /** A server has refused the certificate: looks at once, unless it has just done so. */
  onRefused(reason: string): void {
    this.state = { ...this.state, refusals: this.state.refusals + 1 };
    this.log('warn', 'refused', reason);
    this.isRefused = true;
    if (this.options.clock.now() - this.lookedAt >= REFUSAL_INTERVAL) this.wake();
  }

  /** The mesh publishes revocation lists: looks at once if they are others than those of the last look. */
  onPublishedLists(pem: string): void {
    if (this.options.lists?.isNew(pem)) this.wake();
  }

  /** Looks at once. */
  wake(): void {
    this.options.clock.wake();
  }

  private async update(isRefused: boolean, signal: AbortSignal): Promise<void> {
    const { source, readClientAuthorities, lists, directory, selection, clock } = this.options;
    const { secret, nextRotation } = await source.look(isRefused, signal);
    this.nextRotation = nextRotation;
    const clientAuthorities = (await readClientAuthorities?.()) ?? secret.certificateChain;
    const kept = await lists?.look(clientAuthorities, new Date(clock.now()));
    const trust = { clientAuthorities, revocationLists: kept?.lists.pem };
    const isChanged = await replaceClientFiles(directory, secret, selection, trust);
    this.state = { ...this.state, notAfter: Date.parse(secret.notAfter) };
    if (kept) this.rememberLists(kept.lists);
    if (isChanged) {
      // Also if somebody has changed the files of the same generation, which the program may have taken.
      await rm(this.reloadMark(), { force: true });
      this.state = { ...this.state, replacements: this.state.replacements + 1 };
      const { serialNumber, notAfter } = secret;
      const listed = kept ? `, and the revocation lists until ${kept.lists.nextUpdate.toISOString()}` : '';
      this.log('info', 'files-replaced', `the certificate ${serialNumber} is valid until ${notAfter}${listed}`);
    }
    await this.reload(generationId(secret, trust, selection), signal);
    if (kept?.failure) throw kept.failure;
  }

  /** Logs warnings once. */
  private rememberLists({ nextUpdate, warnings }: VerifiedLists): void {
    const before = this.state.warnings ?? [];
    this.state = { ...this.state, nextUpdate: nextUpdate.getTime(), warnings };
    for (const warning of warnings) if (!before.includes(warning)) this.log('warn', 'revocation-lists', warning);
  }

  /** Once for each generation, also if an earlier run was killed before it. */
  private async reload(id: string, signal: AbortSignal): Promise<void> {
    const { reload, client } = this.options;
    if (reload === undefined) return;
    const { directory } = this.state;
    const mark = this.reloadMark();
    if ((await readFile(mark, 'utf8').catch(() => '')) === id) return;
    try {
      await reload.run({ client, directory }, signal);
    } catch (cause) {
      this.state = { ...this.state, failedReloads: this.state.failedReloads + 1 };
      throw new Error(`the reload command failed: ${failureSentence(cause)}`, { cause });
    }
    await writeFile(mark, id, { mode: 0o600 });
    this.state = { ...this.state, reloads: this.state.reloads + 1 };
    this.log('info', 'reloaded', 'the reload command succeeded');
  }

  private reloadMark(): string {
    return join(this.state.directory, RELOADED);
  }

  /** After the start without an answer, the files of an earlier run are what there is. */
  private async recallFiles(): Promise<void> {
    if (this.state.notAfter !== undefined) return;
    const pem = await readFile(join(this.state.directory, CLIENT_FILES.certificate), 'utf8').catch(() => undefined);
    try {
      if (pem !== undefined) this.state = { ...this.state, notAfter: notAfterOf(readCertificate(pem)).getTime() };
    } catch {
      // They are not those of a run.
    }
    if (this.options.lists === undefined) return;
    // That they can't be read is what the look reports.
    const held = await heldRevocationLists(this.state.directory).catch(() => undefined);
    this.state = { ...this.state, nextUpdate: nextUpdateIn(held)?.getTime() };
  }

  private isExpired(): boolean {
    return !(this.options.clock.now() <= (this.state.notAfter ?? Number.NEGATIVE_INFINITY));
  }

  private remaining(): string {
    const { notAfter } = this.state;
    if (notAfter === undefined) return 'there are no files yet';
    return `the files in ${this.state.directory} ${this.isExpired() ? 'expired at' : 'are good until'} ${new Date(notAfter).toISOString()}`;
  }

  private log(level: Level, event: AgentEvent, message: string): void {
    this.options.log({ level, event, client: this.options.client, message });
  }
}
