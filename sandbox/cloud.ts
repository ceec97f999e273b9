import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { SANDBOX_ACCOUNT } from './account';
import { Clock } from './clock';
import { CustomResources } from './cloudformation/custom-resources';
import type { ResourceType } from './cloudformation/resource-type';
import type { StackOptions } from './cloudformation/stack';
import { Stacks } from './cloudformation/stacks';
import { standInType } from './cloudformation/stand-in';
import { readTemplate, type Template, TemplateError } from './cloudformation/template';
import { CallLog } from './endpoint/call-log';
import { RESPONSE_HOST } from './endpoint/paths';
import type { RequestsOptions } from './endpoint/requests';
import { Endpoint } from './endpoint/server';
import { Faults } from './faults';
import { AcmPcaService } from './services/acm-pca';
import { ApiGatewayService } from './services/api-gateway';
import { CertificateManagerService } from './services/certificate-manager';
import { CloudWatchService } from './services/cloudwatch';
import { DynamoDbService } from './services/dynamodb';
import { EventBridgeService } from './services/events';
import { IamService } from './services/iam';
import { KmsService } from './services/kms';
import { LambdaService } from './services/lambda';
import type { ServedHosts } from './services/lambda/runtime/messages';
import { isSupplied } from './services/lambda/runtime/supplied-packages';
import { CloudWatchLogsService } from './services/logs';
import type { LogListener } from './services/logs/state';
import { Route53Service } from './services/route53';
import { S3Service } from './services/s3';
import { SecretsManagerService } from './services/secrets-manager';
import type { Service, Surroundings } from './services/shared/service';
import { SnsService } from './services/sns';
import { SsmService } from './services/ssm';
import { StsService } from './services/sts';

export interface CloudOptions {
  /** The port of the gateway's TLS listener. The default is a free port. */
  readonly gatewayPort?: number;
  /** URLs that stand in for the backends of services. */
  readonly targets?: ReadonlyMap<string, URL>;
  readonly onLog?: LogListener;
  /** Another emulator, which answers calls of services that the sandbox doesn't have. */
  readonly fallback?: URL | undefined;
  /** Whether everything that the sandbox doesn't know fails with its name. */
  readonly strict?: boolean | undefined;
}

/** The services of one sandbox, connected with each other, and their endpoint. */
export class Cloud {
  readonly faults = new Faults();
  readonly calls = new CallLog();
  readonly iam: IamService;
  readonly logs: CloudWatchLogsService;
  readonly metrics: CloudWatchService;
  readonly topics: SnsService;
  readonly events: EventBridgeService;
  readonly secrets: SecretsManagerService;
  readonly parameters: SsmService;
  readonly certificates: CertificateManagerService;
  readonly gateway: ApiGatewayService;
  /** Every stack must be added to it. */
  readonly stacks: Stacks;
  readonly strict: boolean;
  private readonly services: readonly Service[];
  private readonly customResources: CustomResources;
  private readonly assets = new Map<string, string>();

  static async start(options: CloudOptions): Promise<Cloud> {
    return new Cloud(await Endpoint.listen(), options);
  }

  private constructor(
    readonly endpoint: Endpoint,
    { gatewayPort, targets, fallback, strict = false, onLog }: CloudOptions,
    readonly surroundings: Surroundings = { account: SANDBOX_ACCOUNT, clock: new Clock() },
  ) {
    const { faults } = this;
    const iam = new IamService(surroundings);
    const keys = new KmsService(surroundings, iam);
    const parameters = new SsmService(surroundings);
    const logs = new CloudWatchLogsService(surroundings, onLog);
    const objects = new S3Service(surroundings, keys);
    const topics = new SnsService(surroundings);
    const assets = { pathOf: (objectKey: string) => this.assets.get(objectKey) };
    const certificates = new CertificateManagerService(surroundings);
    const functions = new LambdaService(surroundings, {
      iam,
      logs,
      faults,
      assets,
      endpointUrl: endpoint.url,
      network: {
        servedHosts: () => this.servedHosts,
        serverAuthority: certificates.serverAuthority,
      },
    });
    const events = new EventBridgeService(surroundings, { functions, topics });
    const secrets = new SecretsManagerService(surroundings, { functions, events, keys });
    const gateway = new ApiGatewayService(surroundings, {
      functions,
      certificates,
      objects,
      logs,
      port: gatewayPort,
      targets,
    });
    const customResources = new CustomResources({
      invoke: (functionArn, event) => functions.invokeAsynchronously(functionArn, event),
      responseUrl: (token) => endpoint.responseUrl(token),
      logLines: (functionArn) => logs.lines(functions.logGroupOf(functionArn)),
    });
    const stacks = new Stacks(surroundings.account);
    const metrics = new CloudWatchService(surroundings);
    const called = [
      objects,
      events,
      secrets,
      functions,
      gateway,
      iam,
      logs,
      metrics,
      keys,
      parameters,
      new AcmPcaService(surroundings, { iam, objects }),
      new DynamoDbService(surroundings),
      new StsService(surroundings, iam),
    ];
    const others = [topics, certificates, new Route53Service()];

    this.strict = strict;
    this.iam = iam;
    this.logs = logs;
    this.metrics = metrics;
    this.topics = topics;
    this.events = events;
    this.secrets = secrets;
    this.parameters = parameters;
    this.certificates = certificates;
    this.gateway = gateway;
    this.stacks = stacks;
    this.customResources = customResources;
    this.services = [...called, ...others];
    const calls: RequestsOptions = {
      apis: [stacks.api, ...called.map(({ api }) => api)],
      fallback,
      iam,
      clock: surroundings.clock,
      faults,
      calls: this.calls,
      killProcessOf: (accessKeyId) => functions.killProcessOf(accessKeyId),
      letTimePass: (caller, milliseconds) => functions.letTimePass(caller, milliseconds),
      receiveCustomResourceResponse: (token, body) => customResources.receive(token, body),
    };
    endpoint.serve(calls, certificates.newServerCertificate(RESPONSE_HOST));
  }

  /** What functions reach at port 443. */
  private get servedHosts(): ServedHosts {
    const { names, port } = this.gateway.servedDomains;
    return { ...Object.fromEntries(names.map((name) => [name, port])), [RESPONSE_HOST]: this.endpoint.responsePort };
  }

  /** Adds file assets, by their keys in the asset bucket. */
  publish(fileAssets: ReadonlyMap<string, string>): void {
    for (const [objectKey, path] of fileAssets) this.assets.set(objectKey, path);
  }

  /** What every stack of the cloud has around it. */
  get stackSurroundings(): Omit<StackOptions, 'name' | 'resourceType'> {
    const { account, clock } = this.surroundings;
    return {
      account,
      clock,
      strict: this.strict,
      otherStacks: this.stacks,
      references: {
        secret: (reference) => this.secrets.textOf(reference),
        parameter: (reference) => this.parameters.textOf(reference),
      },
    };
  }

  /** The template at a key of the asset bucket. @throws TemplateError if there is none */
  readTemplate(objectKey: string, constructPaths: ReadonlyMap<string, string>): Template {
    const path = this.assets.get(objectKey);
    if (path === undefined) throw new TemplateError(`there is no template ${objectKey} among the assets`);
    return readTemplate(readFileSync(path, 'utf8'), constructPaths);
  }

  /** Undefined for a type that the sandbox doesn't know and that must not stand in. */
  resourceType(name: string): ResourceType | undefined {
    const service = this.services.find(({ resourceTypes }) => Object.hasOwn(resourceTypes, name));
    const standIn = this.strict
      ? undefined
      : standInType(name, {
          account: this.surroundings.account,
          endpointUrl: this.endpoint.url,
          supplies: (packageName) => isSupplied(packageName, [...this.assets.values()].map(dirname)),
        });
    return service?.resourceTypes[name] ?? standIn ?? this.customResources.resourceType(name);
  }

  /** Stops all listeners, processes, and timers. */
  async close(): Promise<void> {
    this.surroundings.clock.close();
    const ended = await Promise.allSettled([
      ...this.services.map((service) => service.close?.()),
      this.endpoint.close(),
    ]);
    for (const result of ended) if (result.status === 'rejected') throw result.reason;
  }
}
