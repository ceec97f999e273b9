import { ArnFormat, Stack, Token } from 'aws-cdk-lib';
import * as apigatewayv2 from 'aws-cdk-lib/aws-apigatewayv2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct, DependencyGroup, type IDependable } from 'constructs';
import { revocationFunctionName } from '../../mesh/names';
import { accountAlias, accountIdIn } from '../../mesh/other-accounts';
import type { SigningAlgorithm } from '../algorithms';
import type { ICertificateAuthority, ICertificateIssuer, IServiceGateway } from '../interfaces';
import type { MtlsServiceMeshAttributes } from '../mesh-attributes';
import { grantIssue, grantRevoke } from './authority-grants';
import { grantInvocation, grantRotation } from './issuer-grants';
import { SecretsRole } from './secrets-role';
import { refuse } from './validation';

/** The account of a mesh, if it is another one than that of the stack. */
export function otherAccountOf(
  scope: Construct,
  { deploymentFunctionArn }: MtlsServiceMeshAttributes,
): string | undefined {
  const { account, region } = Stack.of(scope);
  const meshAccount = accountIdIn(deploymentFunctionArn);
  if (meshAccount === undefined || Token.isUnresolved(account) || meshAccount === account) return undefined;
  const meshRegion = deploymentFunctionArn.split(':')[3];
  // https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html
  if (region !== meshRegion)
    refuse(scope, 'env', `of the stack must have the Region of the mesh (${meshRegion})`, region);
  return meshAccount;
}

/** The gateway of a mesh of another app. */
export class ImportedGateway extends Construct implements IServiceGateway {
  readonly domainName: string;
  readonly url: string;
  private readonly api?: apigatewayv2.IHttpApi;

  constructor(scope: Construct, id: string, attributes: MtlsServiceMeshAttributes) {
    super(scope, id);
    const { domainName, apiId, authorizerId } = attributes;
    this.domainName = domainName;
    this.url = `https://${domainName}`;
    if (otherAccountOf(this, attributes) !== undefined) return;
    const defaultAuthorizer: apigatewayv2.IHttpRouteAuthorizer = {
      bind: () => ({ authorizerId, authorizationType: 'CUSTOM' }),
    };
    const httpApi = apigatewayv2.HttpApi.fromHttpApiAttributes(this, 'Api', { httpApiId: apiId });
    this.api = Object.assign(httpApi, { defaultAuthorizer });
  }

  /** A template can add routes to APIs of its own account only. */
  get httpApi(): apigatewayv2.IHttpApi {
    return (
      this.api ??
      refuseElsewhere(
        this,
        'a service',
        "add it in the mesh's app, with a function or a URL of this account as its integration",
      )
    );
  }
}

/** @param what can't be in a stack of another account than that of the mesh */
export function refuseElsewhere(scope: Construct, what: string, instead: string): never {
  throw new Error(`${scope.node.path}: ${what} can't be in another account than that of the mesh: ${instead}`);
}

/** The issuer of a mesh of another app. */
export class ImportedIssuer extends Construct implements ICertificateIssuer {
  readonly trustDomain: string;
  readonly certificateAuthority: ICertificateAuthority;
  readonly deploymentHandler: lambda.IFunction;
  readonly rotationHandler: lambda.IFunction;
  readonly rotationPermission: IDependable = new DependencyGroup();
  readonly secretsRole?: SecretsRole;
  private addedRole?: iam.Role;
  readonly requestUrl: string;
  private readonly requestHandler: lambda.IFunction;
  private readonly isElsewhere: boolean;

  constructor(
    scope: Construct,
    id: string,
    private readonly attributes: MtlsServiceMeshAttributes,
  ) {
    super(scope, id);
    const { trustDomain, deploymentFunctionArn } = attributes;
    const meshAccount = otherAccountOf(this, attributes);
    this.isElsewhere = meshAccount !== undefined;
    this.trustDomain = trustDomain;
    this.certificateAuthority = new AuthorityOfImportedMesh(this, 'Authority', attributes);
    this.deploymentHandler = this.importFunction('Deployment', this.entryOf(deploymentFunctionArn));
    this.rotationHandler = this.importFunction('Rotation', attributes.rotationFunctionArn);
    this.requestHandler = this.importFunction('Request', attributes.requestFunctionArn);
    this.requestUrl = attributes.requestUrl;
    if (meshAccount === undefined) return;
    this.secretsRole = new SecretsRole(this, 'SecretsRole', { trustDomain, meshAccount });
  }

  /** Adds the role to the stack. Throws in the account of the mesh. */
  addSecretsRole(): iam.Role {
    const { issuerRoleArns = [] } = this.attributes;
    if (this.secretsRole === undefined) {
      const rule =
        'is for a stack in another account than that of the mesh: set env of the stack, and import the mesh with fromMeshAttributes, ' +
        "with the attributes that the mesh's app puts out";
      throw new Error(`${this.node.path}: addSecretsRole ${rule}`);
    }
    if (issuerRoleArns.length === 0) refuse(this, 'issuerRoleArns', 'must be set for addSecretsRole', 'none');
    this.addedRole ??= this.secretsRole.add(issuerRoleArns);
    return this.addedRole;
  }

  grantRequest(grantee: iam.IGrantable): iam.Grant {
    return this.requestHandler.grantInvokeUrl(grantee);
  }

  grantRotate(grantee: iam.IGrantable): iam.Grant {
    const { trustDomain, rotationHandler } = this;
    return grantRotation(this, grantee, { trustDomain, rotationFunctionArn: rotationHandler.functionArn });
  }

  grantRevoke(grantee: iam.IGrantable): iam.Grant {
    if (this.isElsewhere) refuseElsewhere(this, 'grantRevoke', 'operators of the mesh revoke certificates');
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

  /** Another account may invoke the alias for it only. */
  private entryOf(deploymentFunctionArn: string): string {
    if (!this.isElsewhere) return deploymentFunctionArn;
    return `${deploymentFunctionArn}:${accountAlias(Stack.of(this).account)}`;
  }

  private importFunction(id: string, functionArn: string): lambda.IFunction {
    // Its policy is part of the mesh's app.
    const sameEnvironment = !this.isElsewhere;
    return lambda.Function.fromFunctionAttributes(this, id, { functionArn, sameEnvironment, skipPermissions: true });
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
