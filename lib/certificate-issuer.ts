import { Duration, Stack, Token } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct, type IConstruct, type IDependable } from 'constructs';
import { stackNamePatternProblem } from '../mesh/aws-names';
import { CERTIFICATE_AUTHORITIES_VARIABLE } from '../mesh/contract';
import { revocationFunctionName } from '../mesh/names';
import type { CertificateIssuerProps } from './certificate-issuer-props';
import type { ICertificateAuthority, ICertificateIssuer, IMeshRegistry } from './interfaces';
import { grantPutEvents } from './private/event-grant';
import { issuerEnvironment, listAddressEnvironment } from './private/issuer-environment';
import { grantInvocation, grantRotation, SECRET_ACTIONS, secretArnsOf } from './private/issuer-grants';
import { grantKeyThrough } from './private/key-grant';
import { KmsAuthority } from './private/kms-authority';
import { functionOptions, MeshFunction, type MeshFunctionProps } from './private/mesh-function';
import { announceMeshPrice } from './private/monthly-price';
import { isStackArn, OtherAccounts } from './private/other-accounts';
import { checkProps } from './private/properties/check';
import { ISSUER_PROPS } from './private/properties/interface-kinds';
import { ServedStacks } from './private/served-stacks';
import { checkKnownText } from './private/validation';

/** The handlers that the bundle of the issuer exports. */
type IssuerHandler = 'deployment' | 'rotation' | 'request' | 'maintenance' | 'revocation';

/**
 * Functions that issue and revoke the certificates of clients. For a client with a secret, they create the key, have the
 * authority sign a certificate for it, and store both in the secret. The key never appears in a response, an output, the
 * environment, or a log.
 *
 * Each kind of event has a function of its own, with the permissions that it needs:
 *
 * - CloudFormation invokes the *deployment* function for custom resources of the stacks that the issuer serves. It registers
 *   clients and services, and issues first certificates.
 * - Secrets Manager invokes the *rotation* function.
 * - Clients that keep their own key call the *request* function at `requestUrl`. It can't read secrets.
 * - An hourly rule invokes the *maintenance* function, which reports certificates that expire soon and sends pending
 *   revocations to the authority. It can't issue certificates or read secrets.
 * - Operators invoke the *revocation* function. It can't issue certificates or read secrets, and nothing makes a certificate
 *   valid again.
 *
 * Certificates come from a template that takes the identity from the issuer and not from the request.
 */
export class CertificateIssuer extends Construct implements ICertificateIssuer {
  /** Where the issuer records clients and certificates. */
  readonly registry: IMeshRegistry;

  /** The SPIFFE trust domain of the clients. */
  readonly trustDomain: string;

  /** The authority that signs the certificates. */
  readonly certificateAuthority: ICertificateAuthority;

  /** The function of the custom resources of `MeshClient`, `ExternalClient`, and `MeshService`. */
  readonly deploymentHandler: lambda.IFunction;

  /** The function that rotates the clients' secrets. */
  readonly rotationHandler: lambda.IFunction;

  /** The function that runs every hour. */
  readonly maintenanceHandler: lambda.IFunction;

  /** The function that operators invoke to revoke certificates. The `mtls-mesh` command finds it by its name. */
  readonly revocationHandler: lambda.IFunction;

  /**
   * Clients are registered, and get their first certificates, after this.
   * @default - there is no gateway to wait for
   */
  readonly truststoreInUse?: IDependable;

  /** Rotation schedules are created after this, because Secrets Manager then invokes the function. */
  readonly rotationPermission: IDependable;

  private readonly props: CertificateIssuerProps;
  private readonly servedStacks: ServedStacks;
  private readonly listAddress: Record<string, string>;
  private readonly otherAccounts: OtherAccounts;
  private functionUrl?: lambda.FunctionUrl;

  constructor(scope: Construct, id: string, props: CertificateIssuerProps) {
    super(scope, id);

    checkProps(this, props, ISSUER_PROPS);
    this.props = props;
    this.registry = props.registry;
    this.trustDomain = props.registry.trustDomain;
    this.certificateAuthority = props.certificateAuthority;
    this.truststoreInUse = props.gateway?.truststoreInUse;
    this.servedStacks = new ServedStacks(this);
    const secretArns = secretArnsOf(this, this.trustDomain);
    this.listAddress = listAddressEnvironment(this, props.revocationListAddress, this.authorities());

    const deployment = this.issuingFunction('Deployment', 'deployment', {
      description: 'Registers clients and services, and issues first certificates',
      servedStacks: this.servedStacks,
    });
    this.registry.grantRegister(deployment.handler);
    deployment.allow(SECRET_ACTIONS, [secretArns]);
    this.deploymentHandler = deployment.handler;

    const rotation = this.issuingFunction('Rotation', 'rotation', {
      description: 'Replaces client certificates in secrets',
    });
    this.registry.grantRecord(rotation.handler);
    rotation.allow(SECRET_ACTIONS, [secretArns]);
    this.rotationHandler = rotation.handler;
    this.rotationPermission = allowRotation(this, secretArns);

    this.otherAccounts = new OtherAccounts(this, {
      trustDomain: this.trustDomain,
      servedStacks: this.servedStacks,
      deployment,
      rotation,
      requestFunctionArn: () => this.requestFunctionArn,
    });

    const maintenance = this.revokingFunction('Maintenance', 'maintenance', {
      description: 'Looks after client certificates every hour',
      environment: {
        [CERTIFICATE_AUTHORITIES_VARIABLE]: this.authorities()
          .map(({ certificateAuthorityArn }) => certificateAuthorityArn)
          .join(),
      },
    });
    this.registry.grantMaintain(maintenance.handler);
    this.maintenanceHandler = maintenance.handler;
    callHourly(this);

    const revocation = this.revokingFunction('Revocation', 'revocation', {
      description: 'Revokes client certificates for operators',
      functionName: Token.isUnresolved(this.trustDomain) ? undefined : revocationFunctionName(this.trustDomain),
    });
    this.registry.grantRevoke(revocation.handler);
    this.revocationHandler = revocation.handler;

    announceMeshPrice(this, this.authorities());
  }

  /**
   * The URL where clients that keep their own key request certificates. It is an HTTPS URL with a slash at the end that
   * answers signed requests only. The stack contains it, and the function behind it, once you use this property or
   * `MeshClient.grantRequest`.
   *
   * @see https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html for the Regions without function URLs
   */
  get requestUrl(): string {
    return this.requestFunctionUrl().url;
  }

  /**
   * Allows `grantee` to call `requestUrl`. `MeshClient.grantRequest` calls this method, and also records which client
   * `grantee` can request certificates for.
   *
   * The grant covers `lambda:InvokeFunctionUrl`, and `lambda:InvokeFunction` on condition that the call comes through the
   * URL. Without that condition, `grantee` could invoke the function directly with an event that names another caller.
   *
   * @see https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
   */
  grantRequest(grantee: iam.IGrantable): iam.Grant {
    return this.requestFunctionUrl().grantInvokeUrl(grantee);
  }

  /**
   * Allows `grantee` to start the rotation of a client's secret, but not to read the secret, to change the rotation's schedule,
   * or to name another function.
   *
   * `RotateSecret` requires `lambda:InvokeFunction` on the rotation function. Who invokes that function directly can only
   * complete a rotation that Secrets Manager has started.
   *
   * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
   */
  grantRotate(grantee: iam.IGrantable): iam.Grant {
    const { trustDomain, rotationHandler } = this;
    return grantRotation(this, grantee, { trustDomain, rotationFunctionArn: rotationHandler.functionArn });
  }

  /** Allows `grantee` to revoke certificates of clients. A revoked certificate can't be made valid again. */
  grantRevoke(grantee: iam.IGrantable): iam.Grant {
    return grantInvocation(grantee, this.revocationHandler.functionArn);
  }

  /** Serves custom resources in the stack of `construct`. `MeshClient`, `ExternalClient`, and `MeshService` call this method. */
  serveStackOf(construct: IConstruct): void {
    this.servedStacks.add(construct);
  }

  /**
   * Serves custom resources in stacks of other apps, in the same Region. `MtlsServiceMesh.allowStack` calls this method.
   *
   * For another account, it adds an alias of the deployment function that only that account may invoke, permissions for its
   * rotations and its clients that keep their own key, and lets the functions assume the role of `addSecretsRole` there.
   *
   * @param stackName the name of a stack, or the beginning of names, with `-*` at its end. For another account, an ARN such as
   * `arn:aws:cloudformation:eu-central-1:222222222222:stack/mail/*`
   */
  serveStacksNamed(stackName: string): void {
    if (isStackArn(stackName)) {
      this.otherAccounts.allow(stackName);
      return;
    }
    checkKnownText(this, 'stackName', stackName, stackNamePatternProblem);
    this.servedStacks.addName(stackName);
  }

  /** ARN of the function behind `requestUrl`. The stack contains it once you use this property, as with `requestUrl`. */
  get requestFunctionArn(): string {
    return this.requestFunctionUrl().functionArn;
  }

  private requestFunctionUrl(): lambda.FunctionUrl {
    if (this.functionUrl) return this.functionUrl;
    const request = this.issuingFunction('Request', 'request', {
      description: 'Issues certificates for keys that clients keep',
    });
    this.registry.grantRecord(request.handler);
    this.functionUrl = new lambda.FunctionUrl(this, 'RequestUrl', {
      function: request.handler,
      authType: lambda.FunctionUrlAuthType.AWS_IAM,
    });
    return this.functionUrl;
  }

  /** A function that can have the authorities, current and earlier ones, issue client certificates. */
  private issuingFunction(id: string, handler: IssuerHandler, options: IssuerFunctionOptions): MeshFunction {
    const { gateway } = this.props;
    const issuing = this.addFunction(id, handler, {
      ...options,
      environment: { ...this.listAddress, ...options.environment },
    });
    for (const authority of this.authorities()) authority.grantIssue(issuing.handler);
    if (gateway) {
      const { bucket, objectKey } = gateway.truststore;
      issuing.allow(['s3:GetObjectVersion'], [bucket.arnForObjects(objectKey)]);
      const key = bucket.encryptionKey;
      if (key) grantKeyThrough('s3', this, { grantee: issuing.handler, key, actions: ['kms:Decrypt'] });
    }
    return issuing;
  }

  /** A function that can have the authorities, current and earlier ones, revoke client certificates. */
  private revokingFunction(id: string, handler: IssuerHandler, options: IssuerFunctionOptions): MeshFunction {
    const revoking = this.addFunction(id, handler, options);
    for (const authority of this.authorities()) authority.grantRevoke(revoking.handler);
    return revoking;
  }

  /** Current and earlier ones. */
  private authorities(): readonly ICertificateAuthority[] {
    return [...(this.props.certificateAuthorityPredecessors ?? []), this.certificateAuthority];
  }

  /** The services that keep the keys of the authorities, by the names of their VPC endpoints. */
  private endpointsOfAuthorities(): readonly string[] {
    const services = this.authorities().flatMap((authority) =>
      KmsAuthority.isKmsAuthority(authority) ? ['kms', 'ssm'] : ['acm-pca'],
    );
    return [...new Set(services)];
  }

  private addFunction(id: string, handler: IssuerHandler, options: IssuerFunctionOptions): MeshFunction {
    const added = new MeshFunction(this, id, {
      ...functionOptions(this.props),
      asset: 'certificate-issuer',
      handler,
      timeout: Duration.minutes(3),
      // CPU grows with memory, and an RSA key of 4096 bits takes seconds to create.
      memorySize: 512,
      services: [...ENDPOINTS[handler], ...this.endpointsOfAuthorities()],
      ...options,
      environment: { ...issuerEnvironment(this.props), ...options.environment },
    });
    grantPutEvents(this, added.handler);
    return added;
  }
}

type IssuerFunctionOptions = Pick<MeshFunctionProps, 'description' | 'environment' | 'functionName' | 'servedStacks'>;

/** The services that each function calls besides those of authorities, by the names of their VPC endpoints. S3 also receives responses to CloudFormation. */
const ENDPOINTS: Readonly<Record<IssuerHandler, readonly string[]>> = {
  deployment: ['dynamodb', 's3', 'events', 'secretsmanager'],
  rotation: ['dynamodb', 's3', 'events', 'secretsmanager'],
  request: ['dynamodb', 's3', 'events'],
  maintenance: ['dynamodb', 'events'],
  revocation: ['dynamodb', 'events'],
};

/**
 * One permission for all secrets of the trust domain. Lambda matches the source ARN as a pattern, and a function's policy
 * has no room for a permission for each client. https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
 */
function allowRotation(issuer: CertificateIssuer, secretArns: string): IDependable {
  return new lambda.CfnPermission(issuer, 'RotationPermission', {
    action: 'lambda:InvokeFunction',
    functionName: issuer.rotationHandler.functionArn,
    principal: 'secretsmanager.amazonaws.com',
    sourceAccount: Stack.of(issuer).account,
    sourceArn: secretArns,
  });
}

function callHourly(issuer: CertificateIssuer): void {
  const rule = new events.Rule(issuer, 'Hourly', {
    description: `Looks after the certificates of ${issuer.trustDomain}`,
    schedule: events.Schedule.rate(Duration.hours(1)),
    targets: [{ bind: () => ({ arn: issuer.maintenanceHandler.functionArn }) }],
  });
  issuer.maintenanceHandler.addPermission('HourlyPermission', {
    scope: issuer,
    principal: new iam.ServicePrincipal('events.amazonaws.com'),
    sourceArn: rule.ruleArn,
  });
}
