import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';

/** Options of all Lambda functions of a construct. */
export interface MeshFunctionOptions {
  /**
   * The VPC that the functions run in. Their roles then may create, describe, and delete network interfaces, which Lambda does
   * for them. The code of the functions may not.
   *
   * The functions call DynamoDB (all functions), EventBridge (all but the authorizer), ACM PCA (the issuer), Secrets Manager
   * (the issuer), Amazon S3 (issuer and truststore, also to respond to CloudFormation), CloudFormation (the truststore), and the
   * management API of API Gateway (the truststore). Without a route to the internet, the VPC needs the gateway endpoints
   * `dynamodb` and `s3` and the interface endpoints `events`, `acm-pca`, `secretsmanager`, and `cloudformation`. Policies of
   * the S3 endpoint must allow the buckets that CloudFormation receives responses in. The CDK knows no endpoint for the
   * management API of API Gateway, so the function of the truststore needs a route to it in any case: without one,
   * deployments fail. The issuer tests handshakes only if it can reach the gateway.
   *
   * @default - the functions run outside of a VPC
   * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
   * @see https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
   */
  readonly vpc?: ec2.IVpc;

  /**
   * The subnets of `vpc` that the functions run in. They can't be public: a function in a public subnet has no route to the
   * internet.
   * @default - the private subnets of `vpc`, or the isolated ones if there are no others
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * The security groups of the functions. They need outbound HTTPS (port 443), and no inbound rule.
   * @default - a security group for each function that allows all outbound traffic
   */
  readonly securityGroups?: ec2.ISecurityGroup[];

  /**
   * Whether AWS X-Ray traces the functions. API Gateway's HTTP APIs don't take part in traces.
   * @default lambda.Tracing.DISABLED
   * @see https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
   */
  readonly tracing?: lambda.Tracing;

  /**
   * The concurrency that is reserved for each function, from the account's limit, and that the function can't exceed: a whole
   * number, at least 1. The authorizer has its own: `authorizerConcurrency`.
   *
   * The deployment of many clients, and rotations at the same time, wait or are repeated when this is too low. A deployment can
   * fail then, but no client loses a valid certificate. A value of 10 is enough for about 100 clients.
   *
   * @default - none is reserved
   * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
   */
  readonly reservedConcurrentExecutions?: number;
}

/** Options of encryption at rest. */
export interface EncryptionOptions {
  /**
   * A symmetric customer managed KMS key that encrypts what the construct stores. Each function may use it only through the
   * services that it reads from and writes to.
   *
   * The role that deploys the stack then needs, on the key:
   *
   * - for the table: `kms:CreateGrant`, `kms:DescribeKey`, `kms:Encrypt`, `kms:Decrypt`, `kms:ReEncrypt*`, and
   *   `kms:GenerateDataKey*`
   * - for the truststore, which API Gateway reads with the permissions of that role: `kms:Decrypt`
   * - for secrets: `kms:GenerateDataKey` and `kms:Decrypt`
   *
   * CloudWatch Logs must be allowed to use the key for log groups of the account. If the key is part of the app, the construct
   * adds that to its policy. Otherwise, a warning says what the policy needs. The policy must also let IAM
   * policies of the account allow the use of the key, as policies do by default.
   *
   * `grantRead` of a client also allows the use of the key. A backend that reads `gatewaySecret` needs `kms:Decrypt` as well if
   * the key isn't part of the app.
   *
   * If the key is disabled or deleted, the registry can't be read: the gateway refuses clients after `outageTolerance`.
   *
   * @default - keys of the services, which cost nothing
   * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
   * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
   * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
   */
  readonly encryptionKey?: kms.IKey;
}
