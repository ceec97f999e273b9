import type { CustomResourceSurroundings } from './cloudformation/custom-resources';
import { CustomResources } from './cloudformation/custom-resources';
import type { ResourceType } from './cloudformation/resource-type';
import type { StackOptions } from './cloudformation/stack';
import { Stacks } from './cloudformation/stacks';
import { standInType } from './cloudformation/stand-in';
import type { AwsApi } from './endpoint/api';
import type { Endpoint } from './endpoint/server';
import type { Faults } from './faults';
import { AcmPcaService } from './services/acm-pca';
import { ApiGatewayService } from './services/api-gateway';
import { CertificateManagerService } from './services/certificate-manager';
import type { ServerAuthority, ServerCertificate } from './services/certificate-manager/server-authority';
import { CloudWatchService } from './services/cloudwatch';
import { DynamoDbService } from './services/dynamodb';
import { EventBridgeService } from './services/events';
import { IamService, type Identity } from './services/iam';
import { KmsService } from './services/kms';
import { LambdaService } from './services/lambda';
import type { FunctionsByArn } from './services/lambda/functions-by-arn';
import type { Assets } from './services/lambda/runtime/function-code';
import type { ServedHosts } from './services/lambda/runtime/messages';
import { CloudWatchLogsService } from './services/logs';
import type { LogListener } from './services/logs/state';
import { Route53Service } from './services/route53';
import { S3Service } from './services/s3';
import { SecretsManagerService } from './services/secrets-manager';
import type { Service, Surroundings } from './services/shared/service';
import { SnsService } from './services/sns';
import { SsmService } from './services/ssm';
import { StsService } from './services/sts';

/** What the accounts of a sandbox share. */
export interface SharedParts {
  readonly endpoint: Pick<Endpoint, 'url' | 'responseUrl'>;
  readonly faults: Faults;
  readonly assets: Assets;
  /** Whether everything that the sandbox doesn't know fails with its name. */
  readonly strict: boolean;
  /** Replaces the public authorities of ACM, which all accounts trust. */
  readonly serverAuthority: ServerAuthority;
  /** The functions of all accounts. */
  readonly functions: FunctionsByArn;
  /** The identity of a principal of any account. */
  identityOf(principalArn: string): Identity;
  /** What functions reach at port 443. */
  servedHosts(): ServedHosts;
  /** Whether functions in Node.js get the package, which Lambda's runtime supplies. */
  supplies(packageName: string): boolean;
}

export interface AccountOptions {
  /** The port of the gateway's TLS listener. The default is a free port. */
  readonly gatewayPort?: number;
  /** URLs that stand in for the backends of services. */
  readonly targets?: ReadonlyMap<string, URL>;
  readonly onLog?: LogListener;
}

/** The services of one account, connected with each other. */
export class AccountServices {
  readonly iam: IamService;
  readonly functions: LambdaService;
  readonly logs: CloudWatchLogsService;
  readonly metrics: CloudWatchService;
  readonly topics: SnsService;
  readonly events: EventBridgeService;
  readonly secrets: SecretsManagerService;
  readonly parameters: SsmService;
  readonly gateway: ApiGatewayService;
  private readonly certificates: CertificateManagerService;
  /** Every stack of the account must be added to it. */
  readonly stacks: Stacks;
  readonly customResources: CustomResources;
  /** What answers at the endpoint. */
  readonly apis: readonly AwsApi[];
  private readonly services: readonly Service[];

  constructor(
    readonly surroundings: Surroundings,
    private readonly shared: SharedParts,
    { gatewayPort, targets, onLog }: AccountOptions,
  ) {
    const { endpoint, faults, assets, serverAuthority } = shared;
    const iam = new IamService(surroundings);
    const keys = new KmsService(surroundings, iam);
    const parameters = new SsmService(surroundings);
    const logs = new CloudWatchLogsService(surroundings, onLog);
    const objects = new S3Service(surroundings, keys);
    const topics = new SnsService(surroundings);
    const certificates = new CertificateManagerService(surroundings, serverAuthority);
    const functions = new LambdaService(surroundings, {
      iam,
      identityOf: (principalArn) => shared.identityOf(principalArn),
      logs,
      faults,
      assets,
      endpointUrl: endpoint.url,
      network: {
        servedHosts: () => shared.servedHosts(),
        serverAuthority: serverAuthority.certificate,
      },
    });
    const events = new EventBridgeService(surroundings, { functions: shared.functions, topics });
    const secrets = new SecretsManagerService(surroundings, { functions: shared.functions, events, keys });
    const gateway = new ApiGatewayService(surroundings, {
      functions: shared.functions,
      certificates,
      objects,
      logs,
      port: gatewayPort,
      targets,
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

    this.iam = iam;
    this.functions = functions;
    this.logs = logs;
    this.metrics = metrics;
    this.topics = topics;
    this.events = events;
    this.secrets = secrets;
    this.parameters = parameters;
    this.gateway = gateway;
    this.certificates = certificates;
    this.stacks = stacks;
    this.customResources = new CustomResources(this.customResourceSurroundings());
    this.apis = [stacks.api, ...called.map(({ api }) => api)];
    this.services = [...called, topics, certificates, new Route53Service()];
  }

  /** What every stack of the account has around it. */
  get stackSurroundings(): Omit<StackOptions, 'name' | 'resourceType'> {
    const { account, clock } = this.surroundings;
    return {
      account,
      clock,
      strict: this.shared.strict,
      otherStacks: this.stacks,
      references: {
        secret: (reference) => this.secrets.textOf(reference),
        parameter: (reference) => this.parameters.textOf(reference),
      },
    };
  }

  /** Undefined for a type that the sandbox doesn't know and that must not stand in. */
  resourceType(name: string): ResourceType | undefined {
    const { strict, endpoint, supplies } = this.shared;
    const { account } = this.surroundings;
    const service = this.services.find(({ resourceTypes }) => Object.hasOwn(resourceTypes, name));
    const standIn = strict ? undefined : standInType(name, { account, endpointUrl: endpoint.url, supplies });
    return service?.resourceTypes[name] ?? standIn ?? this.customResources.resourceType(name);
  }

  /** A certificate for a server of the sandbox itself. */
  newServerCertificate(hostName: string): ServerCertificate {
    return this.certificates.newServerCertificate(hostName);
  }

  /** Stops all listeners, processes, and timers. */
  close(): readonly Promise<unknown>[] {
    return this.services.map(async (service) => service.close?.());
  }

  /** CloudFormation invokes functions with the permissions of whoever deploys, who is the operator of the account. */
  private customResourceSurroundings(): CustomResourceSurroundings {
    const { endpoint, functions } = this.shared;
    return {
      invoke: async (functionArn, event) => {
        functions.authorizeInvocation(functionArn, this.iam, this.iam.operator);
        await functions.invokeAsynchronously(functionArn, event);
      },
      responseUrl: (token) => endpoint.responseUrl(token),
      logLines: (functionArn) => functions.logLines(functionArn, this.surroundings.account.id),
    };
  }
}
