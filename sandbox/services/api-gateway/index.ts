import type { ResourceType } from '../../cloudformation/resource-type';
import type { AwsApi } from '../../endpoint/api';
import type { Service, Surroundings } from '../shared/service';
import { Gateway } from './exchange/gateway';
import { Targets } from './exchange/targets';
import { apiGatewayApi } from './operations';
import type { Certificates, InvokedFunctions, Logs, Objects } from './ports';
import { apiType, authorizerType, integrationType, routeType, stageType, vpcLinkType } from './resources/api';
import { apiMappingType, domainNameType } from './resources/domain-name';
import { Configuration } from './state';
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

/** Amazon API Gateway: HTTP APIs behind custom domain names, with mutual TLS. */
export class ApiGatewayService implements Service {
  readonly resourceTypes: Readonly<Record<string, ResourceType>>;
  readonly api: AwsApi;
  private readonly listener: TlsListener;
  private listening?: Promise<void>;

  constructor(surroundings: Surroundings, options: ApiGatewayOptions) {
    const configuration = new Configuration();
    const targets = new Targets(options.targets ?? new Map());
    const gateway = new Gateway(surroundings, configuration, options.functions, options.logs, targets);
    this.listener = new TlsListener((connection) => gateway.take(connection));
    this.api = apiGatewayApi(surroundings.account, configuration);
    this.resourceTypes = {
      'AWS::ApiGatewayV2::Api': apiType(configuration, surroundings),
      'AWS::ApiGatewayV2::ApiMapping': apiMappingType(configuration),
      'AWS::ApiGatewayV2::Authorizer': authorizerType(configuration),
      'AWS::ApiGatewayV2::DomainName': domainNameType(surroundings, configuration, {
        certificates: options.certificates,
        objects: options.objects,
        serve: async (domainName, tls) => {
          this.listening ??= this.listener.listen(options.port ?? 0);
          await this.listening;
          this.listener.serve(domainName, tls);
        },
        withdraw: (domainName) => this.listener.withdraw(domainName),
      }),
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
