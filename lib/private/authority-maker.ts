import { CustomResource, Duration, Lazy, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import {
  AUTHORITY_ORDERS_VARIABLE,
  type AuthorityAttributes,
  type AuthorityOrder,
  type AuthorityProperties,
  CERTIFICATE_AUTHORITY_RESOURCE_TYPE,
} from '../../mesh/kms-authority';
import { CUSTOM_RESOURCE_TIMEOUT, MeshFunction } from './mesh-function';
import { ServedStacks } from './served-stacks';

export interface AuthorityMakerProps {
  readonly removalPolicy?: RemovalPolicy;
}

export interface AuthorityToMake extends AuthorityOrder {
  /** ARN of the SSM parameter that keeps the certificate. */
  readonly parameterArn: string;
  /** PEM of the authority that signs. Absent for a root. */
  readonly issuerCertificate?: string;
}

/**
 * The function that has KMS keys sign the certificates of authorities. It makes only the certificates in its environment, so
 * whoever may invoke it can't have another one signed.
 */
export class AuthorityMaker extends Construct {
  readonly handler: iam.IGrantable;
  private readonly orders: AuthorityOrder[] = [];
  private readonly function: MeshFunction;

  constructor(scope: Construct, id: string, { removalPolicy }: AuthorityMakerProps) {
    super(scope, id);
    this.function = new MeshFunction(this, 'Handler', {
      asset: 'certificate-authority',
      description: 'Has KMS keys sign the certificates of authorities',
      timeout: Duration.minutes(2),
      memorySize: 256,
      environment: {
        [AUTHORITY_ORDERS_VARIABLE]: Lazy.string({ produce: () => Stack.of(this).toJsonString(this.orders) }),
      },
      servedStacks: new ServedStacks(this),
      services: ['kms', 'ssm', 'acm-pca', 's3'],
      removalPolicy,
    });
    this.handler = this.function.handler;
  }

  /** The custom resource whose attributes are `AuthorityAttributes`. */
  make(scope: Construct, { parameterArn, issuerCertificate, ...order }: AuthorityToMake): CustomResource {
    this.orders.push(order);
    this.function.allow(
      ['ssm:GetParameter', 'ssm:GetParameterHistory', 'ssm:PutParameter', 'ssm:DeleteParameter'],
      [parameterArn],
    );
    const properties: AuthorityProperties = {
      CertificateAuthorityArn: order.certificateAuthorityArn,
      IssuerKeyArn: order.issuerKeyArn,
      SigningAlgorithm: order.signingAlgorithm,
      ...(order.subject && { Subject: order.subject }),
      ValidityDays: String(order.validityDays),
      ...(issuerCertificate !== undefined && { IssuerCertificate: issuerCertificate }),
    };
    return new CustomResource(scope, 'Certificate', {
      resourceType: CERTIFICATE_AUTHORITY_RESOURCE_TYPE,
      serviceToken: this.function.handler.functionArn,
      serviceTimeout: CUSTOM_RESOURCE_TIMEOUT,
      properties,
    });
  }

  allow(actions: string[], resources: string[]): void {
    this.function.allow(actions, resources);
  }
}

/** An attribute of an authority's custom resource. Resources that refer to it wait for the certificate. */
export function attributeOf(resource: CustomResource, name: keyof AuthorityAttributes): string {
  return resource.getAttString(name);
}
