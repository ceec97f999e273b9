import type { IVpcLink } from 'aws-cdk-lib/aws-apigatewayv2';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';

/** Options of a backend at a public address. */
export interface PublicIntegrationOptions {
  /**
   * The secret that the gateway sends in the header `x-mesh-gateway-secret`. Its text must consist of letters and digits, at
   * least 32 of them, because API Gateway reads `$` as an expression.
   *
   * @default - a new secret for each service, of 64 random letters and digits, for $0.40 a month
   */
  readonly gatewaySecret?: secretsmanager.ISecret;

  /**
   * The ID of the version of the secret that the gateway sends. CloudFormation reads the secret when this property changes,
   * and not when the secret changes. To rotate the secret:
   *
   * 1. Have the backend accept both the AWSCURRENT and the AWSPREVIOUS version.
   * 2. Put a new value into the secret.
   * 3. Have the backend read both versions again.
   * 4. Set this property to the ID of the new version, and deploy.
   *
   * @default - the AWSCURRENT version at the time of the deployment that creates the service
   */
  readonly gatewaySecretVersion?: string;
}

/** Options of every backend in a VPC. */
export interface PrivateConnectionOptions {
  /**
   * The name in the certificate of the backend. With it, the gateway uses HTTPS to the backend. Without it, the gateway uses
   * HTTP, and every host on the path in the VPC can read and change requests and the identity headers.
   *
   * @default - HTTP
   */
  readonly secureServerName?: string;
}

/** Options of a load balancer in a VPC. */
export interface PrivateIntegrationOptions extends PrivateConnectionOptions {
  /**
   * The VPC link that the gateway reaches the backend through. The security group of the backend must admit the security
   * groups of the VPC link, and should admit nobody else.
   *
   * @default - a VPC link, without security groups, in the VPC of a load balancer that this app creates; required for an
   * imported listener
   */
  readonly vpcLink?: IVpcLink;
}

/** Options of a backend that is registered with AWS Cloud Map. */
export interface CloudMapIntegrationOptions extends PrivateConnectionOptions {
  /**
   * The VPC link that the gateway reaches the instances through. The security groups of the instances must admit the
   * security groups of the VPC link, and should admit nobody else.
   */
  readonly vpcLink: IVpcLink;
}
