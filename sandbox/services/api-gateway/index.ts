import type { ResourceType } from '../../cloudformation/resource-type';
import type { AwsApi } from '../../endpoint/api';
import type { Service, Surroundings } from '../shared/service';
import { Configuration } from './configuration';
import { domainNameType, restDomainNameType } from './domains/domain-name';
import { Domains } from './domains/domains';
import { apiMappingType, basePathMappingType } from './domains/mappings';
import { Gateway } from './exchange/gateway';
import { Targets } from './exchange/targets';
import { HttpApis } from './http-api/http-apis';
import { httpApiOperations } from './http-api/operations';
import { apiType, authorizerType, integrationType, routeType, stageType, vpcLinkType } from './http-api/resources';
import type { Certificates, InvokedFunctions, Logs, Objects } from './ports';
import { restApiOperations } from './rest-api/operations';
import { restAuthorizerType } from './rest-api/resources/authorizer';
import { gatewayResponseType } from './rest-api/resources/gateway-response';
import { methodType } from './rest-api/resources/method';
import { accountType, resourceType, restApiType } from './rest-api/resources/rest-api';
import { deploymentType, restStageType } from './rest-api/resources/stage';
import { RestApis } from './rest-api/rest-apis';
import { TlsListener } from './tls/tls-listener';

interface ApiGatewayOptions {
  readonly functions: InvokedFunctions;
  readonly objects: Objects;
  readonly certificates: Certificates;
  readonly logs: Logs;
  /** The port of the listener. @default - a free port */
  readonly port?: number;
  /** Addresses that stand in for the backends of HTTP integrations, by the first segment of their routes. */
  readonly targets?: ReadonlyMap<string, URL>;
}

/** Amazon API Gateway: HTTP APIs and REST APIs behind custom domain names, with mutual TLS. */
export class ApiGatewayService implements Service {
  readonly resourceTypes: Readonly<Record<string, ResourceType>>;
  readonly api: AwsApi;
  private readonly listener: TlsListener;
  private listening?: Promise<void>;

  constructor(surroundings: Surroundings, options: ApiGatewayOptions) {
    const configuration = new Configuration();
    const targets = new Targets(options.targets ?? new Map());
    const httpApis = new HttpApis(surroundings, configuration, options.functions, targets);
    const restApis = new RestApis(surroundings, configuration, options.functions, targets);
    const gateway = new Gateway(
      surroundings,
      configuration,
      options.logs,
      (mapping) => httpApis.find(mapping) ?? restApis.find(mapping),
    );
    this.listener = new TlsListener((connection) => gateway.take(connection));
    this.api = eitherApi(
      httpApiOperations(surroundings.account, configuration),
      restApiOperations(surroundings.account, configuration),
    );
    const domains = new Domains(surroundings, configuration, {
      certificates: options.certificates,
      objects: options.objects,
      serve: async (domainName, tls) => {
        this.listening ??= this.listener.listen(options.port ?? 0);
        await this.listening;
        this.listener.serve(domainName, tls);
      },
      withdraw: (domainName) => this.listener.withdraw(domainName),
    });
    this.resourceTypes = {
      'AWS::ApiGateway::Account': accountType(),
      'AWS::ApiGateway::Authorizer': restAuthorizerType(configuration),
      'AWS::ApiGateway::BasePathMapping': basePathMappingType(configuration),
      'AWS::ApiGateway::Deployment': deploymentType(configuration, surroundings),
      'AWS::ApiGateway::DomainName': restDomainNameType(domains),
      'AWS::ApiGateway::GatewayResponse': gatewayResponseType(configuration),
      'AWS::ApiGateway::Method': methodType(configuration, targets),
      'AWS::ApiGateway::Resource': resourceType(configuration),
      'AWS::ApiGateway::RestApi': restApiType(configuration, surroundings),
      'AWS::ApiGateway::Stage': restStageType(configuration),
      'AWS::ApiGatewayV2::Api': apiType(configuration, surroundings),
      'AWS::ApiGatewayV2::ApiMapping': apiMappingType(configuration),
      'AWS::ApiGatewayV2::Authorizer': authorizerType(configuration),
      'AWS::ApiGatewayV2::DomainName': domainNameType(domains),
      'AWS::ApiGatewayV2::Integration': integrationType(configuration),
      'AWS::ApiGatewayV2::Route': routeType(configuration, targets),
      'AWS::ApiGatewayV2::Stage': stageType(configuration),
      'AWS::ApiGatewayV2::VpcLink': vpcLinkType(),
    };
  }

  /**
   * The port of all domains on 127.0.0.1. The server name in the handshake selects the domain. The listener starts with
   * the first domain name, so there is no port before.
   */
  get port(): number {
    const { port } = this.listener;
    if (port === undefined) throw new Error('no domain name has been made yet, so that nothing listens');
    return port;
  }

  /** The current domain names and their port, which is 0 if there are none. */
  get servedDomains(): { readonly names: readonly string[]; readonly port: number } {
    return { names: this.listener.domainNames, port: this.listener.port ?? 0 };
  }

  async close(): Promise<void> {
    await this.listening?.catch(() => undefined);
    await this.listener.close();
  }
}

/** The API of HTTP APIs for paths that start with `/v2/`, and the older one for all others. Both have the same name. */
function eitherApi(httpApis: AwsApi, restApis: AwsApi): AwsApi {
  const apiFor = ({ path }: { readonly path: string }) => (path.startsWith('/v2/') ? httpApis : restApis);
  return {
    signingName: httpApis.signingName,
    describe: (call) => apiFor(call).describe(call),
    handle: (call) => apiFor(call).handle(call),
  };
}
