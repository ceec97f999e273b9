import { dirname, join } from 'node:path';
import { AssetStaging, Duration, FileAssetPackaging, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { ServedStacks } from './served-stacks';

/** The default retention of logs. */
export const DEFAULT_LOG_RETENTION = logs.RetentionDays.ONE_YEAR;

/**
 * How long CloudFormation waits for a custom resource: enough for three attempts of the slowest function. Lambda repeats a
 * failed asynchronous invocation after one and after two minutes.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
export const CUSTOM_RESOURCE_TIMEOUT = Duration.minutes(15);

export interface MeshFunctionProps {
  /** The folder of the bundle in the package's `assets`. */
  readonly asset: 'authorizer' | 'certificate-issuer' | 'truststore-publisher';
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
  readonly logRetention?: logs.RetentionDays;
  readonly removalPolicy?: RemovalPolicy;
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

    const logGroup = new logs.LogGroup(this, 'LogGroup', {
      retention: props.logRetention ?? DEFAULT_LOG_RETENTION,
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
    });
    const role = new iam.Role(this, 'Role', {
      description: props.description,
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    });
    logGroup.grantWrite(role);
    this.logGroup = logGroup;

    this.handler = new lambda.Function(this, 'Function', {
      description: props.description,
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      code: new Bundle(assetPath(props.asset)),
      handler: `index.${props.handler ?? 'handler'}`,
      functionName: props.functionName,
      timeout: props.timeout,
      memorySize: props.memorySize,
      environment: { ...props.environment, ...props.servedStacks?.variable(props.environment ?? {}) },
      logGroup,
      role,
    });
  }

  /** Adds a statement to what the function may do. */
  allow(actions: string[], resources: string[]): void {
    this.handler.addToRolePolicy(new iam.PolicyStatement({ actions, resources }));
  }
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
