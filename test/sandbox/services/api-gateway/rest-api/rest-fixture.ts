import type { Resource } from '../../../../../sandbox/cloudformation/resource-type';
import { DOMAIN, GatewayFixture, type Handler } from '../gateway-fixture';

type Settings = Record<string, unknown>;

export const AUTHORIZER_ARN = 'arn:aws:lambda:us-east-1:123456789012:function:authorizer';

export function invocationArn(functionArn: string): string {
  return `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`;
}

/** What an authorizer returns that allows or denies everything. */
export function policy(Effect: 'Allow' | 'Deny', context: object = {}, Resource: unknown = '*') {
  const Statement = [{ Action: 'execute-api:Invoke', Effect, Resource }];
  return { principalId: 'mail', policyDocument: { Version: '2012-10-17', Statement }, context };
}

/** A regional REST API behind the fixture's domain with mutual TLS. Callers get it after `deploy`. */
export class RestFixture {
  readonly base = new GatewayFixture();
  apiId = '';
  private rootId = '';
  private readonly resourceIds = new Map<string, string>();
  private authorizerId: string | undefined;
  private stage: Resource | undefined;

  static async start(settings: Settings = {}): Promise<RestFixture> {
    const fixture = new RestFixture();
    const api = await fixture.create('RestApi', {
      Name: 'mesh',
      EndpointConfiguration: { Types: ['REGIONAL'] },
      ...settings,
    });
    fixture.apiId = api.physicalId;
    fixture.rootId = String(api.attributes['RootResourceId']);
    await fixture.base.createDomain(DOMAIN);
    return fixture;
  }

  get events() {
    return this.base.events;
  }

  call(...given: Parameters<GatewayFixture['call']>): ReturnType<GatewayFixture['call']> {
    return this.base.call(...given);
  }

  close(): Promise<void> {
    return this.base.gateway.close();
  }

  create(type: string, properties: Settings): Promise<Resource> {
    return this.base.create(`AWS::ApiGateway::${type}`, properties);
  }

  /** A part of the API. */
  createPart(type: string, properties: Settings): Promise<Resource> {
    return this.create(type, { RestApiId: this.apiId, ...properties });
  }

  /** The ID of the resource with the path, which is created together with those above it. */
  async resource(path: string): Promise<string> {
    if (path === '/') return this.rootId;
    const known = this.resourceIds.get(path);
    if (known !== undefined) return known;
    const at = path.lastIndexOf('/');
    const ParentId = await this.resource(path.slice(0, at) || '/');
    const { physicalId } = await this.createPart('Resource', { ParentId, PathPart: path.slice(at + 1) });
    this.resourceIds.set(path, physicalId);
    return physicalId;
  }

  /** @param key such as `GET /items/{id}` */
  async createMethod(key: string, Integration: Settings, settings: Settings = {}): Promise<Resource> {
    const [HttpMethod = '', path = ''] = key.split(' ');
    return this.createPart('Method', {
      HttpMethod,
      ResourceId: await this.resource(path),
      Integration,
      ...(this.authorizerId ? { AuthorizationType: 'CUSTOM', AuthorizerId: this.authorizerId } : {}),
      ...settings,
    });
  }

  createFunctionMethod(
    key: string,
    handler: Handler,
    integration: Settings = {},
    settings: Settings = {},
  ): Promise<Resource> {
    const functionArn = `arn:aws:lambda:us-east-1:123456789012:function:f${this.base.functions.size}`;
    this.base.functions.set(functionArn, handler);
    const properties = { Type: 'AWS_PROXY', IntegrationHttpMethod: 'POST', Uri: invocationArn(functionArn) };
    return this.createMethod(key, { ...properties, ...integration }, settings);
  }

  /** Methods made from now on ask this authorizer. */
  async createAuthorizer(handler: Handler, settings: Settings = {}): Promise<Resource> {
    this.base.functions.set(AUTHORIZER_ARN, handler);
    const authorizer = await this.createPart('Authorizer', {
      Name: 'authorizer',
      Type: 'REQUEST',
      AuthorizerUri: invocationArn(AUTHORIZER_ARN),
      AuthorizerResultTtlInSeconds: 0,
      IdentitySource: '',
      ...settings,
    });
    this.authorizerId = authorizer.physicalId;
    return authorizer;
  }

  /** Deploys the API as it is now to the stage `prod`, which the domain is mapped to. */
  async deploy(settings: Settings = {}): Promise<Resource> {
    const { physicalId: DeploymentId } = await this.createPart('Deployment', {});
    const properties = { RestApiId: this.apiId, StageName: 'prod', DeploymentId, ...settings };
    if (this.stage) return this.base.update('AWS::ApiGateway::Stage', this.stage, properties);
    this.stage = await this.create('Stage', properties);
    await this.create('BasePathMapping', { DomainName: DOMAIN, RestApiId: this.apiId, Stage: 'prod' });
    return this.stage;
  }
}
