import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { regionalArn } from '../../account';
import { AccessDenied, AwsError } from '../../endpoint/api';
import type { Faults } from '../../faults';
import type { IamService } from '../iam';
import type { CloudWatchLogsService } from '../logs';
import type { Surroundings } from '../shared/service';
import { functionArn, keyOf, LATEST } from './names';
import { ConcurrencyExceeded } from './runtime/concurrency-exceeded';
import { type Assets, type FunctionCode, layOut } from './runtime/function-code';
import {
  configurationOf,
  environmentOf,
  type FunctionConfiguration,
  type FunctionProperties,
} from './runtime/function-configuration';
import { FunctionProcess, type FunctionResult } from './runtime/function-process';
import { type Interpreter, Interpreters } from './runtime/interpreters';
import { type InvocationRecord, LambdaFunction } from './runtime/lambda-function';
import type { Outside, ServedDomains } from './runtime/messages';
import { Preloading } from './runtime/preloading';
import { type RuntimeDirectory, writeRuntimeDirectory } from './runtime/runtime-directory';

export interface LambdaOptions {
  readonly assets: Assets;
  readonly iam: Pick<IamService, 'assertAssumable' | 'authorize' | 'identityOf' | 'issueCredentials'>;
  readonly logs: Pick<CloudWatchLogsService, 'append'>;
  readonly faults: Pick<Faults, 'ofInvocation'>;
  /** The URL of the AWS services for functions. */
  readonly endpointUrl: string;
  /** The gateway that functions call by its domain names. */
  readonly gateway: {
    /** The current domains. */
    servedDomains(): ServedDomains;
    /** PEM of the authority that signed the server certificates. */
    readonly serverAuthority: string;
  };
}

interface Deployment {
  readonly live: LambdaFunction;
  readonly code: FunctionCode;
  readonly properties: FunctionProperties;
}

interface Runtime {
  readonly directory: RuntimeDirectory;
  readonly interpreters: Interpreters;
}

interface ProcessSetting {
  readonly directory: RuntimeDirectory;
  readonly interpreter: Interpreter;
  log(line: string, logStream: string): void;
}

/** The app, and the program that runs the sandbox: a test runner of the app, or the command of this package. */
function moduleSources(): readonly string[] {
  return [process.cwd(), dirname(process.argv[1] ?? process.cwd())];
}

/** The version of an alias, and further versions with the share of invocations that each gets. */
export interface AliasTarget {
  readonly version: string;
  readonly otherVersions?: readonly { readonly version: string; readonly weight: number }[];
}

/** The functions of the account by name, and their versions and aliases as `name:version` and `name:alias`. */
export class Functions {
  private readonly deployments = new Map<string, Deployment>();
  private readonly aliases = new Map<string, AliasTarget>();
  /** The latest version by function name. */
  private readonly latestVersions = new Map<string, number>();
  /** Replaced and deleted functions, until their last invocation has ended. */
  private readonly retiring = new Set<Deployment>();
  /** The running processes by their access keys. */
  private readonly processes = new Map<string, FunctionProcess>();
  private readonly preloading = new Preloading();
  private runtime: Promise<Runtime> | undefined;

  constructor(
    private readonly surroundings: Surroundings,
    private readonly options: LambdaOptions,
  ) {}

  has(name: string): boolean {
    return this.deployments.has(name) || this.aliases.has(name);
  }

  /** The functions without their versions, sorted by name. */
  all(): readonly LambdaFunction[] {
    return [...this.deployments.values()]
      .map(({ live }) => live)
      .filter(({ configuration }) => configuration.version === LATEST)
      .sort((one, other) => (one.configuration.name < other.configuration.name ? -1 : 1));
  }

  /** The function, the version, or a version of the alias. */
  get(name: string): LambdaFunction {
    return this.deployment(name).live;
  }

  /**
   * As `LambdaFunction.invoke`.
   * @throws AwsError `TooManyRequestsException` beyond the reserved concurrency
   */
  invoke(
    name: string,
    event: string,
    requestId?: string,
    onEnd?: (record: InvocationRecord) => void,
  ): Promise<FunctionResult> {
    const live = this.get(name);
    this.assertConcurrency(live.configuration.name);
    return live.invoke(event, requestId, functionArn(this.surroundings.account, name), onEnd);
  }

  /**
   * All versions of a function share its reserved concurrency.
   * https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
   */
  private assertConcurrency(name: string): void {
    const reserved = this.deployments.get(name)?.live.configuration.reservedConcurrency;
    if (reserved === undefined) return;
    const versions = [...this.deployments.values()].filter(({ live }) => live.configuration.name === name);
    const running = versions.reduce((sum, { live }) => sum + live.running, 0);
    if (running >= reserved) throw new ConcurrencyExceeded(reserved);
  }

  /** Creates the function, or replaces the one with that name. Its versions stay as they are. */
  deploy(name: string, properties: FunctionProperties): Promise<void> {
    return this.run(name, LATEST, properties);
  }

  /**
   * Publishes the code and configuration of a function as its next version, which never changes.
   * https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
   * @throws AwsError if nothing has changed since the latest version
   */
  async publish(name: string): Promise<string> {
    const { properties } = this.deployment(name);
    const latest = this.latestVersions.get(name) ?? 0;
    if (isDeepStrictEqual(this.deployments.get(`${name}:${latest}`)?.properties, properties)) {
      const reason = `A version for this Lambda function exists ( ${latest} ). Modify the function to create a new version.`;
      throw new AwsError('ResourceConflictException', reason, 409);
    }
    const version = String(latest + 1);
    this.latestVersions.set(name, latest + 1);
    await this.run(name, version, properties);
    return version;
  }

  /**
   * Creates an alias, or changes it.
   * @param key `name:alias`
   * @throws AwsError if a version doesn't exist
   */
  setAlias(key: string, target: AliasTarget): void {
    const name = key.replace(/:.*/, '');
    for (const { version } of [target, ...(target.otherVersions ?? [])]) this.deployment(keyOf(name, version));
    this.aliases.set(key, target);
  }

  deleteAlias(key: string): void {
    this.aliases.delete(key);
  }

  private deployment(name: string): Deployment {
    const alias = this.aliases.get(name);
    const key = alias === undefined ? name : keyOf(name.replace(/:.*/, ''), versionOf(alias));
    const deployment = this.deployments.get(key);
    if (deployment === undefined) throw this.missing(name);
    return deployment;
  }

  private async run(name: string, version: string, properties: FunctionProperties): Promise<void> {
    const key = keyOf(name, version);
    const { assets, iam, gateway } = this.options;
    iam.assertAssumable(properties.Role, 'lambda.amazonaws.com');
    if ((properties.VpcConfig?.SubnetIds?.length ?? 0) > 0) this.assertManagesInterfaces(properties.Role);
    const code = await layOut(properties, assets);
    const configuration = configurationOf(properties, {
      name,
      version,
      arn: functionArn(this.surroundings.account, key),
      directory: code.directory,
      deployedAt: this.surroundings.clock.now(),
    });
    this.runtime ??= prepareRuntime(gateway.serverAuthority);
    const { directory, interpreters } = await this.runtime;
    const interpreter = await interpreters.of(configuration.runtime);
    const log = this.logOf(configuration);
    const live = new LambdaFunction(configuration, {
      clock: this.surroundings.clock,
      faults: this.options.faults,
      preloading: this.preloading,
      outside: () => this.outside(),
      startProcess: () => this.startProcess(configuration, { directory, interpreter, log }),
    });
    this.withdrawOne(key);
    this.deployments.set(key, { live, code, properties });
  }

  /** https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html */
  private assertManagesInterfaces(roleArn: string): void {
    for (const operation of ['CreateNetworkInterface', 'DescribeNetworkInterfaces', 'DeleteNetworkInterface']) {
      try {
        this.options.iam.authorize(roleArn, `ec2:${operation}`, '*');
      } catch (error) {
        if (!(error instanceof AccessDenied)) throw error;
        const reason = `The provided execution role does not have permissions to call ${operation} on EC2`;
        throw new AwsError('InvalidParameterValueException', reason);
      }
    }
  }

  /** Deletes the function with its versions and aliases, or a version. Current invocations complete. */
  withdraw(name: string): void {
    const isPart = (key: string) => key === name || key.startsWith(`${name}:`);
    for (const key of [...this.deployments.keys()].filter(isPart)) this.withdrawOne(key);
    for (const key of [...this.aliases.keys()].filter(isPart)) this.aliases.delete(key);
    this.latestVersions.delete(name);
  }

  private withdrawOne(key: string): void {
    const deployment = this.deployments.get(key);
    if (deployment === undefined) return;
    this.deployments.delete(key);
    this.retiring.add(deployment);
    void end(deployment, deployment.live.retire()).finally(() => this.retiring.delete(deployment));
  }

  /** Kills the process with the access key. Ignores other access keys. */
  async killProcessOf(accessKeyId: string): Promise<void> {
    await this.processes.get(accessKeyId)?.end();
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
    const process =
      accessKeyId === undefined
        ? [...this.processes.values()].find(({ current }) => current?.event.includes(eventText))
        : this.processes.get(accessKeyId);
    if (process !== undefined) await this.skipTime(process, milliseconds);
  }

  private async skipTime(process: FunctionProcess, milliseconds: number): Promise<void> {
    const { clock } = this.surroundings;
    if (process.current === undefined) return;
    const remaining = Math.max(process.current.deadline - clock.now().getTime(), 0);
    clock.skip(Math.min(milliseconds, remaining));
    await process.letTimePass({ clockOffset: clock.offset });
  }

  async close(): Promise<void> {
    const all = [...this.deployments.values(), ...this.retiring];
    await Promise.all(all.map((deployment) => end(deployment, deployment.live.close())));
    await (await this.runtime)?.directory.remove();
  }

  private missing(name: string): AwsError {
    const arn = functionArn(this.surroundings.account, name);
    return new AwsError('ResourceNotFoundException', `Function not found: ${arn}`, 404);
  }

  private outside(): Outside {
    const servedDomains = this.options.gateway.servedDomains();
    return { clockOffset: this.surroundings.clock.offset, servedDomains };
  }

  private startProcess(
    configuration: FunctionConfiguration,
    { directory, interpreter, log }: ProcessSetting,
  ): FunctionProcess {
    const { account, clock } = this.surroundings;
    const { endpointUrl, iam } = this.options;
    const credentials = iam.issueCredentials(configuration.roleArn);
    const day = clock.now().toISOString().slice(0, 10).replaceAll('-', '/');
    const logStream = `${day}/[${configuration.version}]${randomBytes(16).toString('hex')}`;
    const process: FunctionProcess = new FunctionProcess({
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
      onWait: (milliseconds) => void this.skipTime(process, milliseconds),
    });
    this.processes.set(credentials.accessKeyId, process);
    void process.ended.then(() => this.processes.delete(credentials.accessKeyId));
    return process;
  }

  /** As on AWS, the log of a function is lost if its role can't write it. One line in the group says so. */
  private logOf({ logGroup, roleArn }: FunctionConfiguration): ProcessSetting['log'] {
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

/** Deletes the code of a function after its processes have ended. */
async function end({ code }: Deployment, ended: Promise<void>): Promise<void> {
  await ended;
  await code.remove();
}

/** https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html */
function versionOf({ version, otherVersions = [] }: AliasTarget): string {
  let share = Math.random();
  for (const other of otherVersions) {
    share -= other.weight;
    if (share < 0) return other.version;
  }
  return version;
}
