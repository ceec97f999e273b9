import { isDeepStrictEqual } from 'node:util';
import { AccessDenied, AwsError } from '../../endpoint/api';
import type { Faults } from '../../faults';
import type { IamService, Identity } from '../iam';
import type { Surroundings } from '../shared/service';
import { functionArn, keyOf, LATEST } from './names';
import { ConcurrencyExceeded } from './runtime/concurrency-exceeded';
import { type Assets, type FunctionCode, layOut } from './runtime/function-code';
import { configurationOf, type FunctionProperties } from './runtime/function-configuration';
import type { FunctionResult } from './runtime/function-process';
import { FunctionProcesses, type FunctionProcessesOptions } from './runtime/function-processes';
import { type InvocationRecord, LambdaFunction } from './runtime/lambda-function';
import { Preloading } from './runtime/preloading';

export interface LambdaOptions extends FunctionProcessesOptions {
  readonly assets: Assets;
  readonly iam: Pick<IamService, 'assertAssumable' | 'authorize' | 'identityOf' | 'issueCredentials'>;
  /**
   * The identity of a caller of another account.
   * @default - that of `iam`
   */
  identityOf?(principalArn: string): Identity;
  readonly faults: Pick<Faults, 'ofInvocation'>;
}

interface Deployment {
  readonly live: LambdaFunction;
  readonly code: FunctionCode;
  readonly properties: FunctionProperties;
}

/** The version of an alias, and further versions with the share of invocations that each gets. */
export interface AliasTarget {
  readonly version: string;
  readonly otherVersions?: readonly { readonly version: string; readonly weight: number }[];
}

/** The functions of the account by name, and their versions and aliases as `name:version` and `name:alias`. */
export class Functions {
  readonly processes: FunctionProcesses;
  private readonly deployments = new Map<string, Deployment>();
  private readonly aliases = new Map<string, AliasTarget>();
  /** The latest version by function name. */
  private readonly latestVersions = new Map<string, number>();
  /** Replaced and deleted functions, until their last invocation has ended. */
  private readonly retiring = new Set<Deployment>();
  private readonly preloading = new Preloading();

  constructor(
    private readonly surroundings: Surroundings,
    private readonly options: LambdaOptions,
  ) {
    this.processes = new FunctionProcesses(surroundings, options);
  }

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
    const { assets, iam } = this.options;
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
    const startProcess = await this.processes.starter(configuration);
    const live = new LambdaFunction(configuration, {
      clock: this.surroundings.clock,
      faults: this.options.faults,
      preloading: this.preloading,
      outside: () => this.processes.outside(),
      startProcess,
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

  async close(): Promise<void> {
    const all = [...this.deployments.values(), ...this.retiring];
    await Promise.all(all.map((deployment) => end(deployment, deployment.live.close())));
    await this.processes.close();
  }

  private missing(name: string): AwsError {
    const arn = functionArn(this.surroundings.account, name);
    return new AwsError('ResourceNotFoundException', `Function not found: ${arn}`, 404);
  }
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
