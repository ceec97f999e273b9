import { SANDBOX_ACCOUNT } from './account';
import { Clock } from './clock';
import { CustomResources } from './cloudformation/custom-resources';
import type { ResourceType } from './cloudformation/resource-type';
import { Endpoint } from './endpoint/server';
import { AcmPca } from './services/acm-pca';
import { ApiGateway } from './services/api-gateway';
import { CertificateManager } from './services/certificate-manager';
import { DynamoDb } from './services/dynamodb';
import { Iam } from './services/iam';
import { Lambda } from './services/lambda';
import { CloudWatchLogs } from './services/logs';
import { Route53 } from './services/route53';
import { S3 } from './services/s3';
import { SecretsManager } from './services/secrets-manager';
import type { Service, Surroundings } from './services/service';

export interface CloudOptions {
  /** Of the gateway's TLS listener; any that is free when left out. */
  readonly gatewayPort?: number;
}

/** Every service of one sandbox, each with the others it needs, and the endpoint at which they are called. */
export class Cloud {
  readonly functions: Lambda;
  readonly certificates: CertificateManager;
  readonly gateway: ApiGateway;
  private readonly services: readonly Service[];
  private readonly customResources: CustomResources;
  private readonly assets = new Map<string, string>();

  static async start(options: CloudOptions): Promise<Cloud> {
    const surroundings = { account: SANDBOX_ACCOUNT, clock: new Clock() };
    const called = calledServices(surroundings);
    const endpoint = await Endpoint.listen({
      apis: Object.values<Service>(called).flatMap(({ api }) => api ?? []),
      iam: called.iam,
      clock: surroundings.clock,
      receiveCustomResourceResponse: (token, body) => cloud.customResources.receive(token, body),
    });
    const cloud = new Cloud(surroundings, called, endpoint, options);
    return cloud;
  }

  private constructor(
    readonly surroundings: Surroundings,
    readonly called: CalledServices,
    readonly endpoint: Endpoint,
    { gatewayPort }: CloudOptions,
  ) {
    const { iam, logs, objects } = called;
    const functions = new Lambda(surroundings, {
      iam,
      logs,
      assets: { pathOf: (objectKey) => this.assets.get(objectKey) },
      endpointUrl: endpoint.url,
    });
    const certificates = new CertificateManager(surroundings);
    const gateway = new ApiGateway(surroundings, { functions, certificates, objects, logs, port: gatewayPort });
    this.functions = functions;
    this.certificates = certificates;
    this.gateway = gateway;
    this.services = [...Object.values(called), functions, certificates, gateway, new Route53()];
    this.customResources = new CustomResources({
      invoke: (functionArn, event) => functions.invoke(functionArn, event),
      responseUrl: (token) => endpoint.responseUrl(token),
      logLines: (functionArn) => logs.lines(functions.logGroupOf(functionArn)),
    });
  }

  /** Makes file assets available to functions, by their keys in the assets' bucket; earlier ones stay. */
  publish(fileAssets: ReadonlyMap<string, string>): void {
    for (const [objectKey, path] of fileAssets) this.assets.set(objectKey, path);
  }

  /** Undefined for a name that no service knows and that is not a custom resource's. */
  resourceType(name: string): ResourceType | undefined {
    const service = this.services.find(({ resourceTypes }) => Object.hasOwn(resourceTypes, name));
    return service?.resourceTypes[name] ?? this.customResources.resourceType(name);
  }

  /** Ends every listener, process and timer. */
  async close(): Promise<void> {
    const ended = await Promise.allSettled([
      ...this.services.map((service) => service.close?.()),
      this.endpoint.close(),
    ]);
    for (const result of ended) if (result.status === 'rejected') throw result.reason;
  }
}

type CalledServices = ReturnType<typeof calledServices>;

/** The services that functions and users call at the endpoint, and those that decide on and record calls. */
function calledServices(surroundings: Surroundings) {
  return {
    iam: new Iam(surroundings),
    logs: new CloudWatchLogs(surroundings),
    objects: new S3(surroundings),
    secrets: new SecretsManager(surroundings),
    certificateAuthorities: new AcmPca(surroundings),
    tables: new DynamoDb(surroundings),
  };
}
