import { requestOverTls, type TlsCredentials } from '../client/tls-request';
import type { ClientSecret } from '../mesh/client-secret';
import { CLIENT_CERTIFICATE_RESOURCE_TYPE } from '../mesh/contract';
import { readClientSecret } from './client-secret-reader';
import { Cloud } from './cloud';
import { type AssembledStack, readAssembly } from './cloudformation/assembly';
import type { StackEvent } from './cloudformation/event';
import { Stack } from './cloudformation/stack';
import { readTemplate } from './cloudformation/template';
import { DeploymentError } from './deployment-error';
import type { ObservedCall } from './endpoint/call-log';
import type { CallFault, Fault, InjectedFault, InvocationFault } from './faults';
import type { BusEvent } from './services/events/state';
import type { Notification } from './services/sns/state';

/** A CDK app, or the directory that `cdk synth` wrote. */
export type SandboxApp = string | { synth(): { readonly directory: string } };

export interface DeployOptions {
  /**
   * The stack's name, its construct path or its artifact id.
   * @default - the only stack of the app
   */
  readonly stack?: string;
  /**
   * Values for the template's parameters.
   * @default - each parameter's own default
   */
  readonly parameters?: Readonly<Record<string, string>>;
  /**
   * The port on 127.0.0.1 at which the mesh is served.
   * @default - any that is free
   */
  readonly port?: number;
  /** Is told of every step, in CloudFormation's words. */
  readonly onEvent?: (event: StackEvent) => void;
}

/** A resource of the deployed stack. */
export interface SandboxResource {
  /** Such as `AWS::S3::Bucket`. */
  readonly type: string;
  /** What `Ref` answers: a name, an ARN, an id. */
  readonly physicalId: string;
  /** What `Fn::GetAtt` answers. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** What the template asks for, with every intrinsic function resolved. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** Path of the construct that made it. */
  readonly constructPath?: string;
}

/** A client of the deployed mesh. */
export interface SandboxClient {
  readonly name: string;
  readonly spiffeId: string;
  /** ARN of the secret that holds its certificate; absent for a client that keeps its own key. */
  readonly secretId?: string;
}

export interface EnvironmentOptions {
  /**
   * ARN of a role of the stack to act as, with what its policies allow.
   * @default - the sandbox's own user, with all permissions
   */
  readonly role?: string;
}

/**
 * A stack of a CDK app that runs on this machine: real Lambda functions, real certificates, real TLS handshakes, on
 * loopback and without an AWS account.
 *
 * ```ts
 * import { Sandbox } from 'cdk-mtls-service-mesh/sandbox';
 *
 * const sandbox = await Sandbox.deploy(app, { stack: 'ScheduleMesh' });
 * try {
 *   const answer = await sandbox.fetch('mail', 'https://mesh.example.com/schedule/events');
 *   expect(answer.status).toBe(200);
 *   await expect(sandbox.fetch(undefined, 'https://mesh.example.com/schedule/events')).rejects.toThrow();
 * } finally {
 *   await sandbox.close();
 * }
 * ```
 */
export class Sandbox {
  private stack: Stack;
  private readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  private parameters: Readonly<Record<string, string>> = {};
  private closing?: Promise<void>;

  /**
   * Makes everything that a stack of the app asks for.
   *
   * @throws DeploymentError when a resource can't be made; all that was made is then gone again, and nothing runs on
   * @throws AssemblyError when there is no such stack
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
   * A sandbox in which nothing of the stack is made yet, so that faults can be set for its creation. `update` makes it.
   * @throws AssemblyError when there is no such stack
   */
  static async prepare(app: SandboxApp, options: Omit<DeployOptions, 'parameters'> = {}): Promise<Sandbox> {
    const { stackName } = readAssembly(directoryOf(app), options.stack);
    return new Sandbox(await Cloud.start({ gatewayPort: options.port }), stackName, options.onEvent);
  }

  private constructor(
    private readonly cloud: Cloud,
    private readonly stackName: string,
    private readonly onEvent?: (event: StackEvent) => void,
  ) {
    this.stack = this.newStack();
    this.credentials = cloud.iam.issueCredentials(cloud.iam.operator);
  }

  /**
   * Brings the stack to what the app now asks for, as `cdk deploy` does: updates it, or creates it when there is none,
   * or nothing but the remains of a creation that failed.
   *
   * @param options parameters that are not given keep their values
   * @throws DeploymentError when a resource can't be made or changed; the stack is then as it was
   */
  async update(app: SandboxApp, options: Pick<DeployOptions, 'parameters'> = {}): Promise<Sandbox> {
    if (this.stack.isOver) {
      await this.stack.delete();
      this.stack = this.newStack();
    }
    await this.bring(readAssembly(directoryOf(app), this.stackName), options.parameters ?? {});
    return this;
  }

  /**
   * Deletes the stack. What the template retains stays in the sandbox until it is closed.
   * @throws DeploymentError when a resource can't be deleted; it can be tried again
   */
  async destroy(): Promise<void> {
    await this.orFail(this.stack.delete());
  }

  /** Ends everything that runs for this sandbox and removes what it wrote. Further calls do nothing. */
  close(): Promise<void> {
    this.closing ??= this.cloud.close();
    return this.closing;
  }

  /** The stack's outputs. */
  get outputs(): Readonly<Record<string, string>> {
    return this.stack.outputs;
  }

  /** The stack's resources by logical id. */
  get resources(): Readonly<Record<string, SandboxResource>> {
    const resources = [...this.stack.resources.values()].map(({ logicalId, declaration, resource, properties }) => {
      const { type, constructPath } = declaration;
      return [logicalId, { ...resource, type, properties, constructPath }] as const;
    });
    return Object.fromEntries(resources);
  }

  /** The mesh's clients, in the order of their names. */
  get clients(): readonly SandboxClient[] {
    return [...this.stack.resources.values()]
      .filter(({ declaration }) => declaration.type === CLIENT_CERTIFICATE_RESOURCE_TYPE)
      .map(({ properties }) => ({
        name: String(properties['ClientName']),
        spiffeId: String(properties['SpiffeId']),
        ...(properties['SecretId'] !== undefined && { secretId: String(properties['SecretId']) }),
      }))
      .sort((one, other) => one.name.localeCompare(other.name));
  }

  /**
   * What a client finds in its secret: certificate, chain and private key.
   * @throws Error when there is no such client, or when it keeps its own key; it names those there are
   */
  async clientSecret(name: string): Promise<ClientSecret> {
    const client = this.clients.find((candidate) => candidate.name === name);
    if (client === undefined) {
      const known = this.clients.map((candidate) => candidate.name).join(', ') || 'none';
      throw new Error(`there must be a client ${JSON.stringify(name)}; the mesh has ${known}`);
    }
    const { secretId } = client;
    if (secretId === undefined) throw new Error(`the client ${name} has no secret: it keeps its own key`);
    const principalArn = this.cloud.iam.operator;
    return readClientSecret(this.cloud.secrets.api, secretId, { ...this.credentials, principalArn });
  }

  /**
   * Calls the mesh as `fetch` would, over mutual TLS and by its domain name, which needs no DNS here.
   *
   * @param caller a client's name; or a certificate, its chain and private key as PEM; or undefined for a caller without
   * a certificate
   * @param url such as `https://mesh.example.com/schedule/events`
   * @throws TlsRequestError when there is no response, such as when the gateway refuses the caller in the handshake
   */
  async fetch(caller: string | TlsCredentials | undefined, url: string | URL, init?: RequestInit): Promise<Response> {
    const credentials = typeof caller === 'string' ? await this.clientSecret(caller) : caller;
    return requestOverTls(url, init, {
      credentials,
      certificateAuthorities: this.serverAuthority,
      connectTo: { host: '127.0.0.1', port: this.gatewayPort },
    });
  }

  /**
   * The environment with which the `aws` command and the AWS SDKs of any language reach the sandbox instead of a real
   * account: with all permissions, or as a role of the stack.
   *
   * @throws AwsError when there is no such role
   */
  environment({ role }: EnvironmentOptions = {}): Readonly<Record<string, string>> {
    const { region } = this.cloud.surroundings.account;
    const { accessKeyId, secretAccessKey } =
      role === undefined ? this.credentials : this.cloud.iam.issueRoleCredentials(role);
    return {
      AWS_ENDPOINT_URL: this.endpoint,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
    };
  }

  /** URL of the AWS services on loopback. */
  get endpoint(): string {
    return this.cloud.endpoint.url;
  }

  /** The port on 127.0.0.1 at which the mesh is served. */
  get gatewayPort(): number {
    return this.cloud.gateway.port;
  }

  /** PEM of the authority that signed the gateway's server certificate; a caller has to trust it. */
  get serverAuthority(): string {
    return this.cloud.certificates.serverAuthority;
  }

  /** What functions and gateway have logged, by log group, oldest line first. */
  logs(): Readonly<Record<string, readonly string[]>> {
    const { logs } = this.cloud;
    return Object.fromEntries(logs.groups().map((group) => [group, logs.lines(group)]));
  }

  /** The sandbox's time. Functions see it too, and certificates are valid by it. */
  get now(): Date {
    return this.cloud.surroundings.clock.now();
  }

  /**
   * Moves the sandbox's clock ahead, and waits until all that this brings about has ended: rotations by schedule,
   * scheduled rules, and what goes on in the background. Timeouts, and timers inside of functions, run in
   * real time, but for the time of a fault's `delay`, which passes at once for the function that waits.
   *
   * @param milliseconds 0 waits for what goes on in the background
   * @throws RangeError for less than 0
   */
  advance(milliseconds: number): Promise<void> {
    return this.cloud.surroundings.clock.advance(milliseconds);
  }

  /**
   * Lets calls to AWS, or invocations of a function, go wrong from now on.
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

  /** The calls to AWS that functions and users made, in the order in which they ended; the newest 10,000. */
  get calls(): readonly ObservedCall[] {
    return this.cloud.calls.calls;
  }

  /** What went over the event bus, and what scheduled rules sent, oldest first; the newest 10,000. */
  get events(): readonly BusEvent[] {
    return this.cloud.events.events;
  }

  /** What was published to SNS topics, oldest first; the newest 10,000. */
  get notifications(): readonly Notification[] {
    return this.cloud.topics.notifications;
  }

  private newStack(): Stack {
    const { account, clock } = this.cloud.surroundings;
    const resourceType = (name: string) => this.cloud.resourceType(name);
    const stack = new Stack({ name: this.stackName, account, clock, resourceType, onEvent: this.onEvent });
    this.cloud.stacks.add(stack);
    return stack;
  }

  private async bring(assembly: AssembledStack, parameters: Readonly<Record<string, string>>): Promise<void> {
    this.cloud.publish(assembly.fileAssets);
    const operation = this.stack.status === undefined ? 'create' : 'update';
    await this.orFail(
      (async () => {
        const template = readTemplate(assembly.template, assembly.constructPaths);
        const kept = Object.entries(this.parameters).filter(([name]) => Object.hasOwn(template.parameters, name));
        const all = { ...Object.fromEntries(kept), ...parameters };
        await this.stack[operation](template, all);
        this.parameters = all;
      })(),
    );
  }

  private async orFail(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (cause) {
      throw DeploymentError.from(this.stackName, cause);
    }
  }
}

function directoryOf(app: SandboxApp): string {
  return typeof app === 'string' ? app : app.synth().directory;
}
