import { ArnFormat, Fn, Stack } from 'aws-cdk-lib';
import * as apigatewayv2 from 'aws-cdk-lib/aws-apigatewayv2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { Construct, DependencyGroup, type IDependable } from 'constructs';
import { MESH_PARAMETER_FIELDS } from '../../mesh/contract';
import { clientNameProblem, meshParameterName, revocationFunctionName, trustDomainProblem } from '../../mesh/names';
import type { SigningAlgorithm } from '../algorithms';
import type { IMtlsServiceMesh, MtlsServiceMeshAttributes } from '../imported-mesh';
import type { ICertificateAuthority, ICertificateIssuer, IServiceGateway } from '../interfaces';
import { MeshClient, type MeshClientOptions } from '../mesh-client';
import { MeshService, type MeshServiceOptions } from '../mesh-service';
import { grantIssue, grantRevoke } from './authority-grants';
import { grantInvocation, grantRotation } from './issuer-grants';
import { checkKnownText } from './validation';

/** The attributes in the SSM parameter of a mesh, which CloudFormation reads when the stack is deployed. */
export function attributesByName(scope: Construct, trustDomain: string): MtlsServiceMeshAttributes {
  checkKnownText(scope, 'trustDomain', trustDomain, trustDomainProblem);
  const fields = Fn.split(',', ssm.StringParameter.valueForStringParameter(scope, meshParameterName(trustDomain)));
  const field = (name: (typeof MESH_PARAMETER_FIELDS)[number]) =>
    Fn.select(MESH_PARAMETER_FIELDS.indexOf(name), fields);
  return {
    trustDomain,
    domainName: field('domainName'),
    apiId: field('apiId'),
    authorizerId: field('authorizerId'),
    deploymentFunctionArn: field('deploymentFunctionArn'),
    rotationFunctionArn: field('rotationFunctionArn'),
    requestFunctionArn: field('requestFunctionArn'),
    requestUrl: field('requestUrl'),
    certificateAuthorityArn: field('certificateAuthorityArn'),
    signingAlgorithm: field('signingAlgorithm') as SigningAlgorithm,
  };
}

/** Adds the SSM parameter of a mesh. */
export function addMeshParameter(scope: Construct, { trustDomain, ...attributes }: MtlsServiceMeshAttributes): void {
  new ssm.StringParameter(scope, 'Parameter', {
    parameterName: meshParameterName(trustDomain),
    description: `What other stacks need to know of the mesh ${trustDomain}`,
    stringValue: Fn.join(
      ',',
      MESH_PARAMETER_FIELDS.map((name) => attributes[name]),
    ),
  });
}

/** A mesh of another app in the same account and Region. It adds no resources. */
export class ImportedMesh extends Construct implements IMtlsServiceMesh {
  readonly trustDomain: string;
  readonly gateway: IServiceGateway;
  readonly issuer: ICertificateIssuer;

  constructor(scope: Construct, id: string, attributes: MtlsServiceMeshAttributes) {
    super(scope, id);
    checkKnownText(this, 'trustDomain', attributes.trustDomain, trustDomainProblem);
    this.trustDomain = attributes.trustDomain;
    this.gateway = new ImportedGateway(this, 'Gateway', attributes);
    this.issuer = new ImportedIssuer(this, 'Issuer', attributes);
  }

  addClient(name: string, options: MeshClientOptions = {}): MeshClient {
    checkKnownText(this, 'client name', name, clientNameProblem);
    return new MeshClient(this, `Client-${name}`, { ...options, clientName: name, issuer: this.issuer });
  }

  addService(name: string, options: MeshServiceOptions): MeshService {
    checkKnownText(this, 'service name', name, clientNameProblem);
    const { gateway, issuer } = this;
    return new MeshService(this, `Service-${name}`, { ...options, serviceName: name, gateway, issuer });
  }
}

class ImportedGateway extends Construct implements IServiceGateway {
  readonly domainName: string;
  readonly url: string;
  readonly httpApi: apigatewayv2.IHttpApi;

  constructor(scope: Construct, id: string, { domainName, apiId, authorizerId }: MtlsServiceMeshAttributes) {
    super(scope, id);
    this.domainName = domainName;
    this.url = `https://${domainName}`;
    const defaultAuthorizer: apigatewayv2.IHttpRouteAuthorizer = {
      bind: () => ({ authorizerId, authorizationType: 'CUSTOM' }),
    };
    const httpApi = apigatewayv2.HttpApi.fromHttpApiAttributes(this, 'Api', { httpApiId: apiId });
    this.httpApi = Object.assign(httpApi, { defaultAuthorizer });
  }
}

class ImportedIssuer extends Construct implements ICertificateIssuer {
  readonly trustDomain: string;
  readonly certificateAuthority: ICertificateAuthority;
  readonly deploymentHandler: lambda.IFunction;
  readonly rotationHandler: lambda.IFunction;
  readonly rotationPermission: IDependable = new DependencyGroup();
  readonly requestUrl: string;
  private readonly requestHandler: lambda.IFunction;

  constructor(scope: Construct, id: string, attributes: MtlsServiceMeshAttributes) {
    super(scope, id);
    this.trustDomain = attributes.trustDomain;
    this.certificateAuthority = new AuthorityOfImportedMesh(this, 'Authority', attributes);
    this.deploymentHandler = this.importFunction('Deployment', attributes.deploymentFunctionArn);
    this.rotationHandler = this.importFunction('Rotation', attributes.rotationFunctionArn);
    this.requestHandler = this.importFunction('Request', attributes.requestFunctionArn);
    this.requestUrl = attributes.requestUrl;
  }

  grantRequest(grantee: iam.IGrantable): iam.Grant {
    return this.requestHandler.grantInvokeUrl(grantee);
  }

  grantRotate(grantee: iam.IGrantable): iam.Grant {
    const { trustDomain, rotationHandler } = this;
    return grantRotation(this, grantee, { trustDomain, rotationFunctionArn: rotationHandler.functionArn });
  }

  grantRevoke(grantee: iam.IGrantable): iam.Grant {
    const functionArn = Stack.of(this).formatArn({
      service: 'lambda',
      resource: 'function',
      resourceName: revocationFunctionName(this.trustDomain),
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    return grantInvocation(grantee, functionArn);
  }

  /** The mesh decides which stacks it serves, with `allowStack`. */
  serveStackOf(): void {}

  private importFunction(id: string, functionArn: string): lambda.IFunction {
    return lambda.Function.fromFunctionAttributes(this, id, { functionArn, sameEnvironment: true });
  }
}

class AuthorityOfImportedMesh extends Construct implements ICertificateAuthority {
  readonly certificateAuthorityArn: string;
  readonly signingAlgorithm: SigningAlgorithm;

  constructor(scope: Construct, id: string, attributes: MtlsServiceMeshAttributes) {
    super(scope, id);
    this.certificateAuthorityArn = attributes.certificateAuthorityArn;
    this.signingAlgorithm = attributes.signingAlgorithm;
  }

  get certificateChain(): string {
    throw new Error(`${this.node.path}: the certificate chain of an imported mesh isn't known at synthesis`);
  }

  grantIssue(grantee: iam.IGrantable): iam.Grant {
    return grantIssue(this, this.certificateAuthorityArn, grantee);
  }

  grantRevoke(grantee: iam.IGrantable): iam.Grant {
    return grantRevoke(this.certificateAuthorityArn, grantee);
  }
}
