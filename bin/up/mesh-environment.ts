import { resolve } from 'node:path';
import type { Sandbox, SandboxResource } from 'cdk-mtls-service-mesh/sandbox';
import { CA_FILE_VARIABLE, CONNECT_TO_VARIABLE } from '../../client/environment';
import { TRUST_DOMAIN_VARIABLE } from '../../mesh/contract';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string>>;

/**
 * The variables with which programs use the sandbox instead of AWS: the AWS SDKs and the AWS CLI, the commands of
 * `mtls-mesh`, and apps with a `MeshHttpClient`, which then need no code of their own for the sandbox.
 */
export function meshEnvironment(sandbox: Sandbox, serverAuthority: string): Environment {
  const functions = resourcesOf(sandbox, 'AWS::Lambda::Function').filter((resource) => trustDomainOf(resource));
  const trustDomains = [...new Set(functions.map(trustDomainOf))];
  const issuers = functions.map(({ attributes }) => attributes['Arn']);
  const requestUrls = resourcesOf(sandbox, 'AWS::Lambda::Url')
    .filter(({ attributes }) => issuers.includes(attributes['FunctionArn']))
    .map(({ attributes }) => String(attributes['FunctionUrl']));
  return {
    ...sandbox.environment(),
    [CONNECT_TO_VARIABLE]: `127.0.0.1:${sandbox.gatewayPort}`,
    [CA_FILE_VARIABLE]: resolve(serverAuthority),
    ...only('MTLS_MESH', trustDomains),
    ...only('MTLS_MESH_REQUEST_URL', requestUrls),
  };
}

/** A role of the stack, and the variables of `meshEnvironment` that differ for programs that act as the role. */
export interface RoleAccess {
  /** As the user has named it. */
  readonly role: string;
  readonly arn: string;
  readonly environment: Environment;
}

/**
 * @param role the ARN, name, logical ID, or construct path of a role of the stack
 * @throws Error if the stack has no such role
 */
export function roleAccess(sandbox: Sandbox, role: string): RoleAccess {
  const roles = Object.entries(sandbox.resources).filter(([, { type }]) => type === 'AWS::IAM::Role');
  const found = roles.find(([logicalId, { physicalId, attributes, constructPath }]) =>
    [logicalId, physicalId, attributes['Arn'], constructPath, constructPath?.replace(/\/Resource$/, '')].includes(role),
  );
  if (found === undefined) {
    const known = roles.map(([logicalId, { constructPath }]) => constructPath?.replace(/\/Resource$/, '') ?? logicalId);
    throw new Error(`the stack has no role ${JSON.stringify(role)}: its roles are ${known.join(', ') || 'none'}`);
  }
  const arn = String(found[1].attributes['Arn']);
  const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = sandbox.environment({ role: arn });
  return { role, arn, environment: { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } };
}

export function resourcesOf(sandbox: Sandbox, type: string): readonly SandboxResource[] {
  return Object.values(sandbox.resources).filter((resource) => resource.type === type);
}

/** The trust domain in the environment of a function of a mesh. */
function trustDomainOf({ properties }: SandboxResource): string | undefined {
  const { Variables } = (properties['Environment'] ?? {}) as { readonly Variables?: Environment };
  return Variables?.[TRUST_DOMAIN_VARIABLE];
}

/** A variable for the only value, if it is the only one. */
function only(name: string, values: readonly (string | undefined)[]): Environment {
  const [value, ...others] = values;
  return value === undefined || others.length > 0 ? {} : { [name]: value };
}
