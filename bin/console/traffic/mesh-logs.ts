import type { ApiGatewayConfiguration } from '../../../aws/api-gateway-configuration';
import { isAwsError } from '../../../aws/aws-error';
import type { Lambda } from '../../../aws/lambda';
import { TRUST_DOMAIN_VARIABLE } from '../../../mesh/contract';
import { OperatorError } from '../../shared/mesh';

/** The log groups of a mesh. */
export interface MeshLogGroups {
  /** Absent if somebody has turned the access log off. */
  readonly accessLog: string | undefined;
  readonly authorizerLog: string;
  /** The paths of the domain at which other APIs answer, whose access log is not that of the mesh. */
  readonly otherPaths: readonly string[];
}

export interface MeshLogsOptions {
  readonly trustDomain: string;
  /** The domain name of the gateway. */
  readonly domainName: string;
  readonly gateway: Pick<ApiGatewayConfiguration, 'mappings' | 'accessLogDestination' | 'authorizerFunctions'>;
  readonly functions: Pick<Lambda, 'configuration'>;
}

/**
 * Finds the log groups by what API Gateway and Lambda write to them, because CloudFormation chose their names.
 * @throws OperatorError if the domain is none of the mesh, and AwsCallError
 */
export async function findLogGroups(options: MeshLogsOptions, signal: AbortSignal): Promise<MeshLogGroups> {
  const { domainName, gateway, trustDomain } = options;
  const mappings = await gateway.mappings(domainName, signal).catch((cause: unknown) => {
    if (!isAwsError(cause, 'NotFoundException')) throw cause;
    throw new OperatorError(
      `API Gateway has no domain ${domainName} in this account and Region: specify the domain of the mesh with --domain`,
      { cause },
    );
  });
  // `protect` gives the paths below the name of a service to another API.
  const root = mappings.find(({ key }) => key === '');
  if (root === undefined) throw new OperatorError(`no API answers at the root of the domain ${domainName}`);
  const destination = await gateway.accessLogDestination(root.apiId, root.stage, signal);
  for (const functionArn of await gateway.authorizerFunctions(root.apiId, signal)) {
    const { variables, logGroup } = await options.functions.configuration(functionArn, signal);
    if (variables[TRUST_DOMAIN_VARIABLE] !== trustDomain) continue;
    return {
      accessLog: destination?.replace(/^.*:log-group:([^:]+).*$/, '$1'),
      // https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html
      authorizerLog: logGroup ?? `/aws/lambda/${functionArn.split(':')[6]}`,
      otherPaths: mappings.flatMap(({ key }) => (key === '' ? [] : `/${key}`)),
    };
  }
  throw new OperatorError(`the API at ${domainName} has no authorizer of the mesh ${trustDomain}: check --domain`);
}
