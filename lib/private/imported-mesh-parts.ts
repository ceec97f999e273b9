import { ArnFormat, Stack } from 'aws-cdk-lib';
import * as apigatewayv2 from 'aws-cdk-lib/aws-apigatewayv2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct, DependencyGroup, type IDependable } from 'constructs';
import { revocationFunctionName } from '../../mesh/names';
import type { SigningAlgorithm } from '../algorithms';
import type { ICertificateAuthority, ICertificateIssuer, IServiceGateway } from '../interfaces';
import type { MtlsServiceMeshAttributes } from '../mesh-attributes';
import { grantIssue, grantRevoke } from './authority-grants';
import { grantInvocation, grantRotation } from './issuer-grants';

/** The gateway of a mesh of another app. */
export class ImportedGateway extends Construct implements IServiceGateway {
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

/** The issuer of a mesh of another app. */
export class ImportedIssuer extends Construct implements ICertificateIssuer {
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
