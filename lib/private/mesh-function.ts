import { dirname, join } from 'node:path';
import {
  Annotations,
  ArnFormat,
  AssetStaging,
  Duration,
  FileAssetPackaging,
  RemovalPolicy,
  Stack,
  Token,
} from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { EncryptionOptions, MeshFunctionOptions } from '../mesh-function-options';
import { allowLogs } from './key-grant';
import { limitEnvironment } from './lambda-environment';
import type { ServedStacks } from './served-stacks';
import { refuse } from './validation';

/** The default retention of logs. */
export const DEFAULT_LOG_RETENTION = logs.RetentionDays.ONE_YEAR;

/**
 * How long CloudFormation waits for a custom resource: enough for three attempts of the slowest function. Lambda repeats a
 * failed asynchronous invocation after one and after two minutes.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
export const CUSTOM_RESOURCE_TIMEOUT = Duration.minutes(15);

/** The options that a construct passes on to each of its functions. */
interface SharedOptions extends MeshFunctionOptions, EncryptionOptions {
  readonly logRetention?: logs.RetentionDays;
  readonly removalPolicy?: RemovalPolicy;
}

/** The options of a construct's functions among all properties of the construct. */
export function functionOptions(props: SharedOptions): SharedOptions {
  const { vpc, vpcSubnets, securityGroups, tracing, reservedConcurrentExecutions } = props;
  const { encryptionKey, logRetention, removalPolicy } = props;
  return {
    ...{ vpc, vpcSubnets, securityGroups, tracing, reservedConcurrentExecutions },
    ...{ encryptionKey, logRetention, removalPolicy },
  };
}

export interface MeshFunctionProps extends SharedOptions {
  /** The folder of the bundle in the package's `assets`. */
  readonly asset:
    | 'authorizer'
    | 'certificate-authority'
    | 'certificate-issuer'
    | 'revocation-list-publisher'
    | 'truststore-publisher';
  /** The function that the bundle exports. @default 'handler' */
  readonly handler?: string;
  /** @default - CloudFormation chooses a name */
  readonly functionName?: string;
  readonly description: string;
  readonly timeout: Duration;
  /** In MiB. The function's share of CPU grows with it. */
  readonly memorySize: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** For a function of custom resources. */
  readonly servedStacks?: ServedStacks;
  /** The AWS services that the function calls, by the names of their VPC endpoints. */
  readonly services: readonly string[];
}

/**
 * A Lambda function of this package, with its own log group and role. Initially, the role can only write to that log group.
 * The function depends on the role's policy, so custom resources are created after the policy and deleted before it.
 */
export class MeshFunction extends Construct {
  readonly handler: lambda.Function;
  readonly logGroup: logs.ILogGroup;

  constructor(scope: Construct, id: string, props: MeshFunctionProps) {
    super(scope, id);

    checkOptions(this, props);
    const { encryptionKey, vpc } = props;
    if (encryptionKey) allowLogs(this, encryptionKey);
    const logGroup = new logs.LogGroup(this, 'LogGroup', {
      encryptionKey,
      retention: props.logRetention ?? DEFAULT_LOG_RETENTION,
      // Also after a failed first deployment, because the log says why it failed.
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
    });
    const role = new iam.Role(this, 'Role', {
      description: props.description,
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    });
    logGroup.grantWrite(role);
    this.logGroup = logGroup;
    if (vpc) {
      allowNetworkInterfaces(this, role);
      warnOfIsolation(this, vpc, props);
    }

    this.handler = new lambda.Function(this, 'Function', {
      description: props.description,
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      code: new Bundle(assetPath(props.asset)),
      handler: `index.${props.handler ?? 'handler'}`,
      functionName: props.functionName,
      timeout: props.timeout,
      memorySize: props.memorySize,
      environment: { ...props.environment, ...props.servedStacks?.variable() },
      logGroup,
      role,
      vpc,
      vpcSubnets: props.vpcSubnets,
      securityGroups: props.securityGroups,
      tracing: props.tracing,
      reservedConcurrentExecutions: props.reservedConcurrentExecutions,
    });
    limitEnvironment(this.handler);
  }

  /** Adds a statement to what the function may do. */
  allow(actions: string[], resources: string[]): void {
    this.handler.addToRolePolicy(new iam.PolicyStatement({ actions, resources }));
  }
}

function checkOptions(scope: Construct, props: MeshFunctionProps): void {
  for (const property of ['vpcSubnets', 'securityGroups'] as const) {
    if (props[property] && !props.vpc) refuse(scope, property, 'must not be set without vpc', 'a value');
  }
  checkConcurrency(scope, 'reservedConcurrentExecutions', props.reservedConcurrentExecutions);
}

/** With 0, Lambda would run no invocation at all. */
export function checkConcurrency(scope: Construct, property: string, concurrency: number | undefined): void {
  if (concurrency === undefined || Token.isUnresolved(concurrency)) return;
  if (Number.isInteger(concurrency) && concurrency >= 1) return;
  refuse(scope, property, 'must be a whole number, at least 1', String(concurrency));
}

/**
 * What Lambda does with the role of a function in a VPC. Code of the function has the same role, and is denied it:
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
 */
function allowNetworkInterfaces(scope: Construct, role: iam.Role): void {
  const actions = [
    'ec2:AssignPrivateIpAddresses',
    'ec2:CreateNetworkInterface',
    'ec2:DeleteNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:UnassignPrivateIpAddresses',
  ];
  const functions = Stack.of(scope).formatArn({
    service: 'lambda',
    resource: 'function',
    resourceName: '*',
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  role.addToPolicy(new iam.PolicyStatement({ actions, resources: ['*'] }));
  role.addToPolicy(
    new iam.PolicyStatement({
      effect: iam.Effect.DENY,
      actions,
      resources: ['*'],
      conditions: { ArnLike: { 'lambda:SourceFunctionArn': functions } },
    }),
  );
}

function warnOfIsolation(scope: Construct, vpc: ec2.IVpc, { vpcSubnets, services }: MeshFunctionProps): void {
  const { subnets, isPendingLookup } = vpc.selectSubnets(vpcSubnets);
  const isolated = new Set(vpc.isolatedSubnets.map(({ subnetId }) => subnetId));
  if (isPendingLookup || !subnets.some(({ subnetId }) => isolated.has(subnetId))) return;
  Annotations.of(scope).addWarningV2(
    'cdk-mtls-service-mesh:isolatedSubnets',
    `the function runs in subnets without a route to the internet, so it needs VPC endpoints for ${services.join(', ')}`,
  );
}

/** `Code.fromAsset` makes the CDK load its Region data, which takes a tenth of the synthesis of a mesh. */
class Bundle extends lambda.Code {
  readonly isInline = false;

  constructor(private readonly directory: string) {
    super();
  }

  override bind(scope: Construct): lambda.CodeConfig {
    const stack = Stack.of(scope);
    const staging = new AssetStaging(scope, 'Code', { sourcePath: this.directory });
    const { bucketName, objectKey } = stack.synthesizer.addFileAsset({
      sourceHash: staging.assetHash,
      fileName: staging.relativeStagedPath(stack),
      packaging: FileAssetPackaging.ZIP_DIRECTORY,
    });
    return { s3Location: { bucketName, objectKey } };
  }
}

/** Resolves the package by its own name, so the path is correct for sources, build, and installation. */
function assetPath(asset: string): string {
  return join(dirname(require.resolve('cdk-mtls-service-mesh/package.json')), 'assets', asset);
}
