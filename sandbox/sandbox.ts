import type { FetchInput } from '../client/outgoing-request';
import { requestOverTls, type TlsCredentials } from '../client/tls-request';
import type { ClientSecret } from '../mesh/client-secret';
import { CLIENT_CERTIFICATE_RESOURCE_TYPE } from '../mesh/custom-resources';
import { readClientSecret } from './client-secret-reader';
import { Cloud } from './cloud';
import { readAssembly, regionOf } from './cloudformation/assembly';
import type { StackEvent } from './cloudformation/event';
import type { DeployOptions, SandboxApp } from './deploy-options';
import { outputsOf, resourcesOf, type SandboxResource } from './deployed';
import { Deployment } from './deployment';
import type { ObservedCall } from './endpoint/call-log';
import type { CallFault, Fault, InjectedFault, InvocationFault } from './faults';
import { MeshVariables } from './mesh-variables';
import type { BusEvent } from './services/events/state';
import type { Credentials } from './services/iam';
import type { Notification } from './services/sns/state';
import { readFallback, readTargets, refuseUnknownServices } from './targets';

/** A client of the deployed mesh. */
export interface SandboxClient {
  readonly name: string;
  readonly spiffeId: string;
  /** The ARN of the secret with its certificate. Absent for a client that keeps its own key. */
  readonly secretId?: string;
}

export interface EnvironmentOptions {
  /**
   * The name or ARN of a role of a stack to act as.
   * @default - a user of the sandbox with all permissions in the account
   */
  readonly role?: string;
  /**
   * The ID of an account that a stack names with `env`.
   * @default - that of the role's ARN, or that of the first stack
   */
  readonly account?: string;
}

/**
 * Runs the stacks of a CDK app on this machine, with real Lambda functions, real certificates, and real TLS handshakes. It uses
 * loopback only and needs no AWS account.
 *
 * ```ts
 * import { Sandbox } from 'cdk-mtls-service-mesh/sandbox';
 *
 * const sandbox = await Sandbox.deploy(app, { stack: 'ScheduleMesh' });
 * try {
 *   const response = await sandbox.fetch('mail', 'https://mesh.example.com/schedule/events');
 *   expect(response.status).toBe(200);
 *   await expect(sandbox.fetch(undefined, 'https://mesh.example.com/schedule/events')).rejects.toThrow();
 * } finally {
 *   await sandbox.close();
 * }
 * ```
 */
export class Sandbox {
  /** A function, so that private keys and secret access keys do not appear where the sandbox is printed. */
  private readonly held: () => {
    readonly cloud: Cloud;
    readonly credentials: Credentials;
    readonly deployment: Deployment;
    readonly meshVariables: MeshVariables;
  };
  private closing?: Promise<void>;

  /**
   * Deploys the stacks of the app, or one of them and those that it depends on.
   *
   * @throws DeploymentError if a resource can't be created; its stack is then rolled back and nothing keeps running
   * @throws AssemblyError if the stack doesn't exist
   */
  static async deploy(app: SandboxApp, options: DeployOptions = {}): Promise<Sandbox> {
    const sandbox = await Sandbox.prepare(app, options);
    try {
      return await sandbox.update(app, options);
    } catch (error) {
      await sandbox.close();
      throw error;
    }
  }

  /**
   * Prepares a sandbox without creating the stacks, so you can inject faults first. `update` creates the stacks.
   * @throws AssemblyError if the stack doesn't exist
   * @throws Error if a target isn't a port or URL, or isn't one of a service, or if `fallbackEndpoint` isn't the URL of an
   * emulator
   */
  static async prepare(app: SandboxApp, options: Omit<DeployOptions, 'parameters'> = {}): Promise<Sandbox> {
    const stacks = readAssembly(directoryOf(app), options.stack);
    const targets = readTargets(options.targets ?? {});
    refuseUnknownServices(targets, stacks);
    const fallback = options.fallbackEndpoint === undefined ? undefined : readFallback(options.fallbackEndpoint);
    const { port: gatewayPort, strict, onLog } = options;
    const accountId = stacks.find((stack) => stack.accountId !== undefined)?.accountId;
    const region = regionOf(stacks, options.stack !== undefined);
    const cloud = await Cloud.start({ accountId, region, gatewayPort, targets, fallback, strict, onLog });
    return new Sandbox(cloud, options.stack, options.onEvent);
  }

  private constructor(
    cloud: Cloud,
    private readonly chosenStack: string | undefined,
    onEvent: ((event: StackEvent) => void) | undefined,
  ) {
    const credentials = cloud.home.iam.issueCredentials(cloud.home.iam.operator);
    const deployment = new Deployment(cloud, onEvent);
    const meshVariables = new MeshVariables(cloud.serverAuthority);
    this.held = () => ({ cloud, credentials, deployment, meshVariables });
  }

  /**
   * Deploys the current state of the app, like `cdk deploy`: creates each stack, or updates it if it exists. Deletes what
   * remains of a failed creation first. Stacks that the app no longer has stay.
   *
   * @param options parameters that you omit keep their values
   * @throws DeploymentError if a resource can't be created or updated; its stack is then rolled back, and those after it
   * stay as they are
   */
  async update(app: SandboxApp, options: Pick<DeployOptions, 'parameters'> = {}): Promise<Sandbox> {
    await this.deployment.bring(readAssembly(directoryOf(app), this.chosenStack), options.parameters ?? {});
    return this;
  }

  /**
   * Deletes the stacks. Retained resources stay in the sandbox until it is closed.
   * @throws DeploymentError if a resource can't be deleted; you can try again
   */
  destroy(): Promise<void> {
    return this.deployment.destroy();
  }

  /** Stops everything that runs for this sandbox and deletes its files. Further calls do nothing. */
  close(): Promise<void> {
    this.held().meshVariables.close();
    this.closing ??= this.cloud.close();
    return this.closing;
  }

  /** The outputs of the stacks. Those that have the same name in several stacks are named `Stack.Name`. */
  get outputs(): Readonly<Record<string, string>> {
    return outputsOf(this.deployment.stacks);
  }

  /**
   * One line for everything in the app that the sandbox doesn't make real, such as
   * `stands in: AWS::SQS::Queue ScheduleMesh/Jobs/Resource`.
   */
  get notices(): readonly string[] {
    return this.deployment.notices;
  }

  /** The resources of the stacks by logical ID. Those that have the same ID in several stacks are named `Stack.ID`. */
  get resources(): Readonly<Record<string, SandboxResource>> {
    return resourcesOf(this.deployment.stacks);
  }

  /** The clients of the mesh, sorted by name. */
  get clients(): readonly SandboxClient[] {
    return Object.values(this.resources)
      .filter(({ type }) => type === CLIENT_CERTIFICATE_RESOURCE_TYPE)
      .map(({ properties }) => ({
        name: String(properties['ClientName']),
        spiffeId: String(properties['SpiffeId']),
        ...(properties['SecretId'] !== undefined && { secretId: String(properties['SecretId']) }),
      }))
      .sort((one, other) => one.name.localeCompare(other.name));
  }

  /**
   * The secret of a client, with its certificate, chain, and private key.
   * @throws Error if the client doesn't exist or keeps its own key
   */
  async clientSecret(name: string): Promise<ClientSecret> {
    const client = this.clients.find((candidate) => candidate.name === name);
    if (client === undefined) {
      const known = this.clients.map((candidate) => candidate.name).join(', ') || 'none';
      throw new Error(`there must be a client ${JSON.stringify(name)}; the mesh has ${known}`);
    }
    const { secretId } = client;
    if (secretId === undefined) throw new Error(`the client ${name} has no secret, because it keeps its own key`);
    const { iam, secrets } = this.cloud.accountOf(secretId);
    return readClientSecret(secrets.api, secretId, { ...this.held().credentials, principalArn: iam.operator });
  }

  /**
   * Calls the mesh like `fetch`, over mutual TLS. The domain name needs no DNS record.
   *
   * @param caller the name of a client; or a certificate, its chain, and its private key in PEM; or undefined for a caller
   * without a certificate
   * @param input such as `https://mesh.example.com/schedule/events`
   * @throws TlsRequestError if there is no response, for example because the gateway refuses the caller in the handshake
   */
  async fetch(caller: string | TlsCredentials | undefined, input: FetchInput, init?: RequestInit): Promise<Response> {
    const credentials = typeof caller === 'string' ? await this.clientSecret(caller) : caller;
    return requestOverTls(input, init, {
      credentials,
      certificateAuthorities: this.serverAuthority,
      connectTo: { host: '127.0.0.1', port: this.gatewayPort },
    });
  }

  /**
   * The environment variables that make programs use the sandbox: the AWS CLI and the AWS SDKs of any language, with all
   * permissions in an account or as a role of a stack, `MeshHttpClient`, and the commands of `mtls-mesh`. `MTLS_MESH_CA_FILE` names a
   * file that exists until the sandbox is closed.
   *
   * @throws AwsError if the role doesn't exist
   * @throws Error if no stack names the account
   */
  environment({ role, account }: EnvironmentOptions = {}): Readonly<Record<string, string>> {
    const { accessKeyId, secretAccessKey } = this.credentialsOf(role, account);
    const { region } = this.cloud.home.surroundings.account;
    return {
      AWS_ENDPOINT_URL: this.endpoint,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      ...this.held().meshVariables.read(Object.values(this.resources), this.cloud.home.gateway.servedDomains.port),
    };
  }

  /** The URL of the AWS services on loopback. */
  get endpoint(): string {
    return this.cloud.endpoint.url;
  }

  /** The port of the mesh on 127.0.0.1. */
  get gatewayPort(): number {
    return this.cloud.home.gateway.port;
  }

  /** PEM of the authority that signed the gateway's server certificate. Callers must trust it. */
  get serverAuthority(): string {
    return this.cloud.serverAuthority;
  }

  /**
   * The log lines of functions and the gateway by log group, oldest first. Groups of the same name in several accounts are
   * named `<account ID>:<log group>`, except in the first account.
   */
  logs(): Readonly<Record<string, readonly string[]>> {
    const lines = new Map<string, readonly string[]>();
    for (const { logs, iam } of this.cloud.accounts) {
      for (const group of logs.groups()) {
        lines.set(lines.has(group) ? `${iam.accountId}:${group}` : group, logs.lines(group));
      }
    }
    return Object.fromEntries(lines);
  }

  /** The time of the sandbox, which also applies to functions and to the validity of certificates. */
  get now(): Date {
    return this.cloud.clock.now();
  }

  /**
   * Advances the clock, and waits for the work that becomes due, such as scheduled rotations and rules, and for background
   * work. Timeouts, and timers in functions, run in real time. Only the `delay` of a fault passes immediately for the
   * function that waits.
   *
   * @param milliseconds 0 only waits for background work
   * @throws RangeError for less than 0
   */
  advance(milliseconds: number): Promise<void> {
    return this.cloud.clock.advance(milliseconds);
  }

  /**
   * Injects a fault into AWS calls or into the invocations of a function, from now on.
   *
   * ```ts
   * const fault = sandbox.inject({ service: 'acm-pca', operation: 'IssueCertificate', fault: 'throttled', times: 3 });
   * ```
   */
  inject(fault: CallFault): InjectedFault;
  inject(fault: InvocationFault): InjectedFault;
  inject(fault: Fault): InjectedFault;
  inject(fault: Fault): InjectedFault {
    return this.cloud.faults.inject(fault);
  }

  /** The latest 10,000 AWS calls of functions and users, in the order they completed. */
  get calls(): readonly ObservedCall[] {
    return this.cloud.calls.calls;
  }

  /** The latest 10,000 events of the event buses and of scheduled rules of each account, oldest first. */
  get events(): readonly BusEvent[] {
    return this.cloud.accounts.flatMap(({ events }) => events.events);
  }

  /** The latest 10,000 messages published to SNS topics of each account, oldest first. */
  get notifications(): readonly Notification[] {
    return this.cloud.accounts.flatMap(({ topics }) => topics.notifications);
  }

  private get cloud(): Cloud {
    return this.held().cloud;
  }

  private credentialsOf(role: string | undefined, accountId: string | undefined): Credentials {
    const { cloud, credentials } = this.held();
    const known = cloud.accounts.map(({ iam }) => iam.accountId);
    if (accountId !== undefined && !known.includes(accountId)) {
      throw new Error(`there must be a stack in the account ${accountId}; the sandbox has ${known.join(', ')}`);
    }
    const { iam } = accountId === undefined ? cloud.accountOf(role ?? '') : cloud.account(accountId);
    if (role !== undefined) return iam.issueRoleCredentials(role);
    return iam === cloud.home.iam ? credentials : iam.issueCredentials(iam.operator);
  }

  private get deployment(): Deployment {
    return this.held().deployment;
  }
}

function directoryOf(app: SandboxApp): string {
  return typeof app === 'string' ? app : app.synth().directory;
}
