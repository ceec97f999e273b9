import { devNull } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import type { Account } from '../../../account';
import type { Properties } from '../../../cloudformation/resource-type';
import { AwsError } from '../../../endpoint/api';
import type { Credentials } from '../../iam';
import { anything, boolean, integer, list, oneOf, optional, type Shape, string, structure } from '../../shared/shape';
import type { RuntimeDirectory } from './runtime-directory';

/** The configuration of a function in its template. */
export interface FunctionConfiguration {
  readonly name: string;
  readonly arn: string;
  /** A number, or `$LATEST`. */
  readonly version: string;
  readonly roleArn: string;
  /** The absolute path of the code's directory. */
  readonly directory: string;
  readonly handler: string;
  /** Such as `nodejs24.x` or `python3.13`. */
  readonly runtime: string;
  /** The environment variables in the template. */
  readonly variables: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memorySizeMb: number;
  /** The maximum number of its invocations at the same time. 0 stops it. */
  readonly reservedConcurrency: number | undefined;
  readonly logGroup: string;
  readonly description: string;
  readonly architectures: readonly string[];
  readonly deployedAt: Date;
}

/** Variables that Lambda reserves. */
const RESERVED = new Set([
  '_HANDLER',
  '_X_AMZN_TRACE_ID',
  'AWS_ACCESS_KEY',
  'AWS_ACCESS_KEY_ID',
  'AWS_DEFAULT_REGION',
  'AWS_EXECUTION_ENV',
  'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
  'AWS_LAMBDA_FUNCTION_NAME',
  'AWS_LAMBDA_FUNCTION_VERSION',
  'AWS_LAMBDA_INITIALIZATION_TYPE',
  'AWS_LAMBDA_LOG_GROUP_NAME',
  'AWS_LAMBDA_LOG_STREAM_NAME',
  'AWS_LAMBDA_RUNTIME_API',
  'AWS_REGION',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'LAMBDA_RUNTIME_DIR',
  'LAMBDA_TASK_ROOT',
]);

/** Bytes, as JSON. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const LARGEST_ENVIRONMENT = 4_096;

const variables: Shape<Readonly<Record<string, string>>> = (value, path) => {
  const entries = Object.entries(value as object).map(([name, text]): [string, string] => [name, String(text)]);
  const [reserved] = entries.find(([name]) => RESERVED.has(name)) ?? [];
  if (reserved !== undefined) {
    throw new AwsError('InvalidParameterValueException', `${path}.${reserved} is reserved: Lambda sets it itself`);
  }
  const all = Object.fromEntries(entries);
  const size = Buffer.byteLength(JSON.stringify(all));
  if (size > LARGEST_ENVIRONMENT) {
    throw new AwsError('InvalidParameterValueException', `${path} must have at most 4 KB as JSON, got ${size} bytes`);
  }
  return all;
};

/**
 * The supported properties of a function. Anything else fails with its name.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html
 */
const functionProperties = structure({
  Architectures: optional(list(string())),
  Code: structure({ S3Bucket: optional(string()), S3Key: optional(string()), ZipFile: optional(string()) }),
  Description: optional(string({ max: 256 })),
  Environment: optional(structure({ Variables: optional(variables) })),
  FunctionName: optional(string({ min: 1, max: 64 })),
  Handler: string({ max: 128 }),
  // Logs are text, with lines of every level.
  LoggingConfig: optional(
    structure({
      ApplicationLogLevel: optional(string()),
      LogFormat: optional(oneOf('Text', 'JSON')),
      LogGroup: optional(string()),
      SystemLogLevel: optional(string()),
    }),
  ),
  MemorySize: optional(integer({ min: 128, max: 10_240 })),
  ReservedConcurrentExecutions: optional(integer({ min: 0 })),
  Role: string(),
  // Any version, because the code runs on the Node.js of the sandbox and the Python of the machine.
  Runtime: string({}, /^(nodejs\d+\.x|python3\.\d+)$/),
  Tags: anything,
  Timeout: optional(integer({ min: 1, max: 900 })),
  TracingConfig: anything,
  VpcConfig: optional(
    structure({
      Ipv6AllowedForDualStack: optional(boolean),
      SecurityGroupIds: optional(list(string({ min: 1 }), { max: 5 })),
      SubnetIds: optional(list(string({ min: 1 }), { max: 16 })),
    }),
  ),
});

export type FunctionProperties = ReturnType<typeof functionProperties>;

export function readFunctionProperties(properties: Properties): FunctionProperties {
  return functionProperties(properties, '');
}

export function configurationOf(
  properties: FunctionProperties,
  {
    name,
    version,
    arn,
    directory,
    deployedAt,
  }: Pick<FunctionConfiguration, 'name' | 'version' | 'arn' | 'directory' | 'deployedAt'>,
): FunctionConfiguration {
  return {
    name,
    arn,
    version,
    directory,
    deployedAt,
    description: properties.Description ?? '',
    architectures: properties.Architectures ?? ['x86_64'],
    roleArn: properties.Role,
    handler: properties.Handler,
    runtime: properties.Runtime,
    variables: properties.Environment?.Variables ?? {},
    timeoutSeconds: properties.Timeout ?? 3,
    memorySizeMb: properties.MemorySize ?? 128,
    reservedConcurrency: properties.ReservedConcurrentExecutions,
    logGroup: properties.LoggingConfig?.LogGroup ?? `/aws/lambda/${name}`,
  };
}

/** As on Lambda: the directory of the runtime's own program, and those of the system. */
const PROGRAM_PATH = [
  dirname(process.execPath),
  ...(process.platform === 'win32'
    ? [join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32')]
    : ['/usr/local/bin', '/usr/bin', '/bin']),
].join(delimiter);

export interface FunctionEnvironmentOptions {
  readonly account: Account;
  readonly credentials: Credentials;
  readonly endpointUrl: string;
  readonly logStream: string;
  readonly runtimeDirectory: Pick<RuntimeDirectory, 'path' | 'authorityFile'>;
}

/**
 * The whole environment of a function's process: the variables of the template and those of Lambda
 * (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html). It contains nothing of the sandbox's own
 * environment, and prevents the SDK from reading files of the user, so an SDK can only find the sandbox. A file of
 * authorities in the template's variables would be one of Lambda or of a layer, which don't exist here.
 */
export function environmentOf(
  configuration: FunctionConfiguration,
  { account, credentials, endpointUrl, logStream, runtimeDirectory }: FunctionEnvironmentOptions,
): Readonly<Record<string, string>> {
  return {
    LANG: 'en_US.UTF-8',
    PATH: PROGRAM_PATH,
    TZ: 'UTC',
    ...configuration.variables,
    _HANDLER: configuration.handler,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_REGION: account.region,
    AWS_DEFAULT_REGION: account.region,
    AWS_EXECUTION_ENV: `AWS_Lambda_${configuration.runtime}`,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(configuration.memorySizeMb),
    AWS_LAMBDA_FUNCTION_NAME: configuration.name,
    AWS_LAMBDA_FUNCTION_VERSION: configuration.version,
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: configuration.logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: logStream,
    LAMBDA_RUNTIME_DIR: runtimeDirectory.path,
    LAMBDA_TASK_ROOT: configuration.directory,
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ENDPOINT_URL: endpointUrl,
    NODE_EXTRA_CA_CERTS: runtimeDirectory.authorityFile,
  };
}
