import { randomBytes } from 'node:crypto';
import { regionalArn } from '../../../account';
import { AccessDenied } from '../../../endpoint/api';
import type { IamService } from '../../iam';
import type { CloudWatchLogsService } from '../../logs';
import type { Surroundings } from '../../shared/service';
import { environmentOf, type FunctionConfiguration } from './function-configuration';
import { FunctionProcess } from './function-process';
import { Interpreters } from './interpreters';
import type { Outside, ServedHosts } from './messages';
import { type RuntimeDirectory, writeRuntimeDirectory } from './runtime-directory';
import { moduleSources } from './supplied-packages';

export interface FunctionProcessesOptions {
  readonly iam: Pick<IamService, 'authorize' | 'issueCredentials'>;
  readonly logs: Pick<CloudWatchLogsService, 'append' | 'lines'>;
  /** The URL of the AWS services for functions. */
  readonly endpointUrl: string;
  /** What functions reach by host names. */
  readonly network: {
    /** The current ones. */
    servedHosts(): ServedHosts;
    /** PEM of the authority that signed the server certificates. */
    readonly serverAuthority: string;
  };
}

interface Runtime {
  readonly directory: RuntimeDirectory;
  readonly interpreters: Interpreters;
}

/** Adds a line to a log stream of a function. */
type WriteLog = (line: string, logStream: string) => void;

/** The running processes of all functions, each known by the access key of its credentials. */
export class FunctionProcesses {
  private readonly byAccessKey = new Map<string, FunctionProcess>();
  private runtime: Promise<Runtime> | undefined;

  constructor(
    private readonly surroundings: Surroundings,
    private readonly options: FunctionProcessesOptions,
  ) {}

  /**
   * Prepares what processes of the function need.
   * @returns starts one of them
   */
  async starter(configuration: FunctionConfiguration): Promise<() => FunctionProcess> {
    this.runtime ??= prepareRuntime(this.options.network.serverAuthority);
    const { directory, interpreters } = await this.runtime;
    const interpreter = await interpreters.of(configuration.runtime);
    const log = this.logOf(configuration);
    const { account, clock } = this.surroundings;
    const { endpointUrl, iam } = this.options;
    return () => {
      const credentials = iam.issueCredentials(configuration.roleArn);
      const day = clock.now().toISOString().slice(0, 10).replaceAll('-', '/');
      const logStream = `${day}/[${configuration.version}]${randomBytes(16).toString('hex')}`;
      const started: FunctionProcess = new FunctionProcess({
        directory: configuration.directory,
        environment: environmentOf(configuration, {
          account,
          credentials,
          endpointUrl,
          logStream,
          runtimeDirectory: directory,
        }),
        interpreter,
        argument: { outside: this.outside(), moduleSources: moduleSources() },
        log: (line) => log(line, logStream),
        consoleLine: (level, text, requestId) => `${clock.now().toISOString()}\t${requestId}\t${level}\t${text}`,
        onWait: (milliseconds) => void this.skipTime(started, milliseconds),
      });
      this.byAccessKey.set(credentials.accessKeyId, started);
      void started.ended.then(() => this.byAccessKey.delete(credentials.accessKeyId));
      return started;
    };
  }

  /** What processes need to know of the sandbox at each invocation. */
  outside(): Outside {
    return { clockOffset: this.surroundings.clock.offset, servedHosts: this.options.network.servedHosts() };
  }

  /** Kills the process with the access key. Ignores other access keys. */
  async kill(accessKeyId: string): Promise<void> {
    await this.byAccessKey.get(accessKeyId)?.end();
  }

  /**
   * Makes time pass immediately for the function process that waits for a call, up to its timeout. Does nothing for
   * other callers.
   *
   * @param accessKeyId the access key of the process
   * @param eventText a text in the event of the process, which finds it if the call isn't signed
   */
  async letTimePass(
    { accessKeyId, eventText }: { readonly accessKeyId?: string | undefined; readonly eventText: string },
    milliseconds: number,
  ): Promise<void> {
    const waiting =
      accessKeyId === undefined
        ? [...this.byAccessKey.values()].find(({ current }) => current?.event.includes(eventText))
        : this.byAccessKey.get(accessKeyId);
    if (waiting !== undefined) await this.skipTime(waiting, milliseconds);
  }

  /** Deletes the files of the runtimes. Call this after all processes have ended. */
  async close(): Promise<void> {
    await (await this.runtime)?.directory.remove();
  }

  private async skipTime(waiting: FunctionProcess, milliseconds: number): Promise<void> {
    const { clock } = this.surroundings;
    if (waiting.current === undefined) return;
    const remaining = Math.max(waiting.current.deadline - clock.now().getTime(), 0);
    clock.skip(Math.min(milliseconds, remaining));
    await waiting.letTimePass({ clockOffset: clock.offset });
  }

  /** As on AWS, the log of a function is lost if its role can't write it. One line in the group says so. */
  private logOf({ logGroup, roleArn }: FunctionConfiguration): WriteLog {
    const { iam, logs } = this.options;
    const arn = regionalArn(this.surroundings.account, 'logs', `log-group:${logGroup}:log-stream:any`);
    let isRefusalTold = false;
    return (line, logStream) => {
      try {
        iam.authorize(roleArn, 'logs:PutLogEvents', arn);
        logs.append(logGroup, line, logStream);
      } catch (error) {
        if (!(error instanceof AccessDenied)) throw error;
        if (!isRefusalTold) logs.append(logGroup, `the function's log is lost: ${error.message}`, logStream);
        isRefusalTold = true;
      }
    };
  }
}

async function prepareRuntime(serverAuthority: string): Promise<Runtime> {
  const directory = await writeRuntimeDirectory(serverAuthority);
  return { directory, interpreters: new Interpreters(directory) };
}
