import { resolve } from 'node:path';
import type { Sandbox, SandboxResource } from 'cdk-mtls-service-mesh/sandbox';
import { CA_FILE_VARIABLE } from '../../client/environment';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string>>;

/** As `environment` of the sandbox, with a file that stays where the user has asked for it. */
export function meshEnvironment(sandbox: Sandbox, serverAuthority: string): Environment {
  return { ...sandbox.environment(), [CA_FILE_VARIABLE]: resolve(serverAuthority) };
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
