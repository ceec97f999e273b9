import { type IncomingHttpHeaders, request } from 'node:http';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { SANDBOX_ACCOUNT } from '../../../../sandbox/account';
import { Clock } from '../../../../sandbox/clock';
import type { Resource } from '../../../../sandbox/cloudformation/resource-type';
import { ApiGatewayService } from '../../../../sandbox/services/api-gateway';
import { CertificateManagerService } from '../../../../sandbox/services/certificate-manager';
import { type Credentials, TestAuthority } from './test-authority';

export const DOMAIN = 'mesh.example.com';
export const TRUSTSTORE_URI = 's3://truststore/authorities.pem';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Call extends ConnectionOptions {
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string | Buffer;
  /** Default: the client that the fixture's authority issued. Null: without a certificate. */
  readonly client?: Credentials | null;
  /** Default: the fixture's domain. */
  readonly domain?: string;
}

export type Handler = (event: Readonly<Record<string, unknown>>) => unknown;

/** An API Gateway with one domain whose truststore holds one authority, and with fakes of what stands around it. */
export class GatewayFixture {
  readonly authority = TestAuthority.root();
  readonly client = this.authority.client();
  readonly functions = new Map<string, Handler>();
  /** Every event that a function got, by its ARN. */
  readonly events: { readonly functionArn: string; readonly event: Readonly<Record<string, unknown>> }[] = [];
  /** Source ARNs that functions were asked to allow. */
  readonly sourceArns: string[] = [];
  readonly forbidden = new Set<string>();
  /** Bundles by version. */
  readonly truststores = new Map([['v1', this.authority.certificate]]);
  readonly log: string[] = [];
  /** Servers that stand in for backends, by service. */
  readonly targets = new Map<string, URL>();
  readonly surroundings = { account: SANDBOX_ACCOUNT, clock: new Clock() };
  readonly certificates = new CertificateManagerService(this.surroundings);
  readonly gateway = new ApiGatewayService(this.surroundings, {
    certificates: this.certificates,
    objects: {
      getObject: (bucket, key, version = 'v1') => {
        const bundle = `s3://${bucket}/${key}` === TRUSTSTORE_URI ? this.truststores.get(version) : undefined;
        return bundle === undefined ? undefined : { body: Buffer.from(bundle) };
      },
    },
    functions: {
      invoke: async (functionArn, event) => {
        const given = JSON.parse(JSON.stringify(event));
        this.events.push({ functionArn, event: given });
        return this.functions.get(functionArn)?.(given);
      },
      assertMayInvoke: (functionArn, principal, sourceArn) => {
        this.sourceArns.push(sourceArn);
        if (principal !== 'apigateway.amazonaws.com' || this.forbidden.has(functionArn)) throw new Error('not allowed');
      },
    },
    logs: { append: (logGroup, line) => this.log.push(`${logGroup}: ${line}`) },
    targets: this.targets,
  });
  apiId = '';
  private authorizerId: string | undefined;

  /** Makes the API with a `$default` stage, the domain and a mapping to it. */
  static async start(): Promise<GatewayFixture> {
    const fixture = new GatewayFixture();
    fixture.apiId = (await fixture.create('Api', { Name: 'mesh', ProtocolType: 'HTTP' })).physicalId;
    await fixture.create('Stage', {
      ApiId: fixture.apiId,
      StageName: '$default',
      AutoDeploy: true,
      AccessLogSettings: {
        DestinationArn: 'arn:aws:logs:us-east-1:123456789012:log-group:access:*',
        Format: '$context.status $context.routeKey $context.authorizer.clientName $context.unknown',
      },
    });
    await fixture.createDomain(DOMAIN);
    await fixture.create('ApiMapping', { ApiId: fixture.apiId, DomainName: DOMAIN, Stage: '$default' });
    return fixture;
  }

  /** @param type without a namespace, a type of HTTP APIs */
  create(type: string, properties: Record<string, unknown>): Promise<Resource> {
    return this.type(type).create(this.resourceRequest(properties));
  }

  update(type: string, resource: Resource, properties: Record<string, unknown>): Promise<Resource> {
    return this.type(type).update(this.resourceRequest(properties), resource, {});
  }

  createDomain(name: string, mutualTls: object | null = { TruststoreUri: TRUSTSTORE_URI, TruststoreVersion: 'v1' }) {
    return this.create('DomainName', domainProperties(name, mutualTls));
  }

  async createFunctionRoute(routeKey: string, handler: Handler, settings: Record<string, unknown> = {}): Promise<void> {
    const functionArn = `arn:aws:lambda:us-east-1:123456789012:function:f${this.functions.size}`;
    this.functions.set(functionArn, handler);
    await this.createRoute(routeKey, {
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: functionArn,
      PayloadFormatVersion: '2.0',
      ...settings,
    });
  }

  createUrlRoute(routeKey: string, url: string, settings: Record<string, unknown> = {}): Promise<void> {
    return this.createRoute(routeKey, {
      IntegrationType: 'HTTP_PROXY',
      IntegrationMethod: 'ANY',
      IntegrationUri: url,
      PayloadFormatVersion: '1.0',
      ...settings,
    });
  }

  /** Routes made from now on ask this authorizer. */
  async createAuthorizer(handler: Handler, settings: Record<string, unknown> = {}): Promise<Resource> {
    const functionArn = 'arn:aws:lambda:us-east-1:123456789012:function:authorizer';
    this.functions.set(functionArn, handler);
    const authorizer = await this.create('Authorizer', {
      ApiId: this.apiId,
      Name: 'authorizer',
      AuthorizerType: 'REQUEST',
      AuthorizerPayloadFormatVersion: '2.0',
      AuthorizerUri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`,
      EnableSimpleResponses: true,
      AuthorizerResultTtlInSeconds: 0,
      ...settings,
    });
    this.authorizerId = authorizer.physicalId;
    return authorizer;
  }

  /** One request over a connection of its own. Rejects when the handshake fails. */
  async call(
    path: string,
    { method = 'GET', headers = {}, body, client = this.client, domain = DOMAIN, ...tls }: Call = {},
  ) {
    const socket = await this.handshake({ ...client, servername: domain, ...tls });
    return new Promise<Answer>((resolve, reject) => {
      const call = request({
        method,
        path,
        headers: { host: domain, ...headers },
        createConnection: () => socket,
      });
      call.on('error', reject);
      call.on('response', async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk);
        socket.destroy();
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        });
      });
      call.end(body);
    });
  }

  /** A TLS 1.3 client is through before the server has looked at its certificate: a refusal may come afterwards. */
  handshake(options: ConnectionOptions): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
      const socket = connect({
        host: '127.0.0.1',
        port: this.gateway.port,
        ca: this.certificates.serverAuthority,
        servername: DOMAIN,
        ...options,
      });
      socket.once('secureConnect', () => resolve(socket));
      socket.on('error', reject);
      socket.once('close', () => reject(new Error('the server closed the connection')));
    });
  }

  private async createRoute(routeKey: string, integration: Record<string, unknown>): Promise<void> {
    const { physicalId } = await this.create('Integration', { ApiId: this.apiId, ...integration });
    await this.create('Route', {
      ApiId: this.apiId,
      RouteKey: routeKey,
      Target: `integrations/${physicalId}`,
      ...(this.authorizerId ? { AuthorizationType: 'CUSTOM', AuthorizerId: this.authorizerId } : {}),
    });
  }

  delete(type: string, resource: Resource, properties: Record<string, unknown>): Promise<void> {
    return this.type(type).delete(this.resourceRequest(properties), resource);
  }

  private type(name: string) {
    const type = this.gateway.resourceTypes[name.includes('::') ? name : `AWS::ApiGatewayV2::${name}`];
    if (!type) throw new Error(`there is no resource type ${name}`);
    return type;
  }

  private resourceRequest(properties: Record<string, unknown>) {
    return { stackName: 'Mesh', stackId: 'arn:aws:cloudformation:::stack/Mesh/1', logicalId: 'Resource', properties };
  }
}

export function domainProperties(name: string, mutualTls: object | null, settings: object = {}) {
  return {
    DomainName: name,
    DomainNameConfigurations: [
      {
        CertificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/imported',
        EndpointType: 'REGIONAL',
        ...settings,
      },
    ],
    ...(mutualTls && { MutualTlsAuthentication: mutualTls }),
  };
}
