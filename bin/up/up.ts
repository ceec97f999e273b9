import { setTimeout } from 'node:timers/promises';
import { Sandbox } from 'cdk-mtls-service-mesh/sandbox';
import { type ClientSecret, ClientSecretError, verifyClientSecret } from '../../mesh/client-secret';
import type { FileFormat } from '../shared/client-files/contents';
import { type FileOptions, fileSettings } from '../shared/client-files/options';
import { commandFailure } from '../shared/failure';
import { DeploymentProgress } from '../shared/progress';
import { errorColors, warn } from '../shared/terminal';
import { accessText, clientsWithSecret, meshAccess } from './access';
import { AppWatcher, globOf } from './app-watcher';
import { type Assembly, openAssembly } from './assembly';
import { FunctionLogs, logGroupNames } from './function-logs';
import { PublishedTrust } from './published-trust';
import { UpDirectory } from './up-directory';

export interface UpOptions extends FileOptions {
  readonly app?: string;
  readonly stack?: string;
  readonly out: string;
  readonly port?: number;
  /** By the name of the service. */
  readonly target?: Readonly<Record<string, string>>;
  readonly role?: readonly string[];
  readonly watch?: true;
  readonly logs?: true;
  /** By name. */
  readonly parameters?: Readonly<Record<string, string>>;
  readonly fallbackEndpoint?: string;
  readonly strict?: true;
  readonly json?: true;
}

/** How often the secrets are read to update the clients' files, and changes of the app are deployed. Milliseconds. */
const UPDATE_INTERVAL = 500;

/** Deploys a mesh into a sandbox, prints how to reach it, and keeps it running until a signal ends the process. */
export async function runUp(options: UpOptions): Promise<void> {
  // A signal during the deployment takes effect after it, so that the sandbox closes in order.
  const ended = endSignal();
  const directory = await UpDirectory.open(options.out, fileSettings({ ...options, format: withPem(options.format) }));
  try {
    const assembly = await openAssembly(options.app);
    try {
      await new RunningMesh(assembly, directory, options).run(ended);
    } finally {
      await assembly.dispose();
    }
  } finally {
    await directory.remove();
  }
}

/** The command lines that it prints need the PEM files. */
function withPem(formats: readonly FileFormat[]): readonly FileFormat[] {
  return formats.includes('pem') ? formats : ['pem', ...formats];
}

class RunningMesh {
  private progress = new DeploymentProgress();
  private readonly logs: FunctionLogs;
  private readonly published = new PublishedTrust();
  private readonly warned = new Set<string>();
  private logGroupNames: ReadonlyMap<string, string> = new Map();

  constructor(
    private readonly assembly: Assembly,
    private readonly directory: UpDirectory,
    private readonly options: UpOptions,
  ) {
    this.logs = new FunctionLogs({
      all: options.logs ?? false,
      nameOf: (logGroup) => this.logGroupNames.get(logGroup) ?? logGroup,
      write: (lines) => this.progress.interject(lines),
    });
  }

  async run(ended: Promise<void>): Promise<void> {
    const watcher = this.options.watch && (await this.watch());
    try {
      const sandbox = await this.deploy();
      try {
        await this.present(sandbox);
        while (!(await resolvesWithin(ended, UPDATE_INTERVAL))) {
          if (watcher?.takeChange()) await this.redeploy(sandbox);
          await this.writeClients(sandbox);
        }
      } finally {
        await sandbox.close();
      }
    } finally {
      await watcher?.close();
    }
  }

  private watch(): Promise<AppWatcher> {
    const { include, exclude } = this.assembly.files;
    return AppWatcher.start({ include, exclude: [...exclude, ...globOf(this.options.out)] });
  }

  private async deploy(): Promise<Sandbox> {
    const { stack, port, target: targets, parameters, fallbackEndpoint, strict } = this.options;
    return this.withProgress(() =>
      Sandbox.deploy(this.assembly.directory, {
        stack,
        port,
        targets,
        parameters,
        fallbackEndpoint,
        strict,
        onEvent: (event) => this.progress.onEvent(event),
        onLog: this.logs.onLog,
      }),
    );
  }

  /** If that fails, the mesh stays as it was. */
  private async redeploy(sandbox: Sandbox): Promise<void> {
    console.error('The app has changed: deploying it again');
    try {
      await this.assembly.synthesize();
      await this.withProgress(() => sandbox.update(this.assembly.directory));
      await this.present(sandbox);
    } catch (error) {
      console.error(`${errorColors.red('error:')} ${commandFailure(error)}`);
    }
  }

  private async withProgress<T>(deployment: () => Promise<T>): Promise<T> {
    this.progress = new DeploymentProgress();
    try {
      const result = await deployment();
      this.progress.succeed();
      return result;
    } catch (error) {
      this.progress.fail();
      throw error;
    }
  }

  /** Writes the clients' files and prints how to reach the mesh. */
  private async present(sandbox: Sandbox): Promise<void> {
    const { role: roles = [], target = {}, json } = this.options;
    this.logGroupNames = logGroupNames(sandbox);
    for (const notice of sandbox.notices) console.error(`  ${notice}`);
    await this.directory.writeServerAuthority(sandbox.serverAuthority);
    await this.writeClients(sandbox);
    const secrets = await Promise.all(clientsWithSecret(sandbox).map(({ name }) => sandbox.clientSecret(name)));
    const published = new Map(secrets.map((secret) => [secret.clientName, this.published.urlsOf(secret)]));
    const access = await this.logs.withoutPrinting(() =>
      meshAccess(sandbox, this.directory, { roles, targets: Object.keys(target), published }),
    );
    console.log(json ? JSON.stringify(access) : `\n${accessText(access, secrets)}`);
  }

  /**
   * Updates the clients' files. The files of a client stay if its secret can't be read or used, for example after its
   * deletion.
   */
  private async writeClients(sandbox: Sandbox): Promise<void> {
    await this.published.read(sandbox);
    for (const { name } of clientsWithSecret(sandbox)) {
      const secret = await sandbox.clientSecret(name).catch(() => undefined);
      // The name of the directory comes from the secret.
      if (secret?.clientName === name) await this.writeClient(secret).catch(ignoreUnusable);
    }
  }

  private async writeClient(secret: ClientSecret): Promise<void> {
    verifyClientSecret(secret, new Date());
    const lists = this.published.listsOf(secret);
    const clientAuthorities = this.published.authoritiesOf(secret);
    await this.directory.writeClient(secret, { clientAuthorities, revocationLists: lists?.pem });
    for (const warning of lists?.warnings ?? []) {
      if (!this.warned.has(warning)) warn(warning);
      this.warned.add(warning);
    }
  }
}

/**
 * Resolves with the first SIGINT, SIGTERM or SIGHUP. Later signals are ignored, so that they don't interrupt the cleanup:
 * npm forwards Ctrl-C to a process that the terminal has already sent it to.
 */
function endSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
}

function ignoreUnusable(error: unknown): void {
  if (!(error instanceof ClientSecretError)) throw error;
}

async function resolvesWithin(promise: Promise<void>, milliseconds: number): Promise<boolean> {
  return Promise.race([promise.then(() => true), setTimeout(milliseconds, false)]);
}
