/** Reads the environment variables of the functions. */
import type { VersionedObject } from '../aws/s3';
import {
  authorityArnProblem,
  bucketNameProblem,
  listAddressProblem,
  objectKeyProblem,
  objectVersionProblem,
  stackArnProblem,
  stackNamePatternProblem,
  tableNameProblem,
} from '../mesh/aws-names';
import {
  AUTHORIZER_TIMES,
  type AuthorizerTime,
  CERTIFICATE_AUTHORITIES_VARIABLE,
  GATEWAY_DOMAIN_NAME_VARIABLE,
  OTHER_ACCOUNTS_VARIABLE,
  REGISTRY_TABLE_VARIABLE,
  STACKS_VARIABLE,
  TRUST_DOMAIN_VARIABLE,
  TRUSTSTORE_BUCKET_VARIABLE,
  TRUSTSTORE_KEY_VARIABLE,
  TRUSTSTORE_VERSION_VARIABLE,
} from '../mesh/contract';
import {
  AUTHORITY_ORDERS_VARIABLE,
  type AuthorityOrder,
  LISTING_AUTHORITIES_VARIABLE,
  type ListingAuthority,
  REVOCATION_LIST_ADDRESS_VARIABLE,
  REVOCATION_LISTS_BUCKET_VARIABLE,
  REVOCATION_LISTS_HOURS_VARIABLE,
} from '../mesh/kms-authority';
import { dnsNameProblem, trustDomainProblem } from '../mesh/names';
import { accountIdProblem } from '../mesh/other-accounts';
import { StackList } from './custom-resource/stack-list';

/** An environment variable is missing or invalid. The function does not start, because the template is wrong. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';

  constructor(variable: string, problem: string, value: string) {
    super(`environment variable ${variable} ${problem}, got ${JSON.stringify(value)}`);
  }
}

export function trustDomainIn(environment: NodeJS.ProcessEnv): string {
  return read(environment, TRUST_DOMAIN_VARIABLE, trustDomainProblem);
}

export function registryTableIn(environment: NodeJS.ProcessEnv): string {
  return read(environment, REGISTRY_TABLE_VARIABLE, tableNameProblem);
}

export function stacksIn(environment: NodeJS.ProcessEnv): StackList {
  const [own = '', ...names] = read(environment, STACKS_VARIABLE, stacksProblem).split(',');
  return new StackList(own, names);
}

/** The IDs of the other accounts whose stacks may declare clients. Empty for a function without the variable. */
export function otherAccountsIn(environment: NodeJS.ProcessEnv): readonly string[] {
  if (environment[OTHER_ACCOUNTS_VARIABLE] === undefined) return [];
  const problem = (ids: string) => ids.split(',').map(accountIdProblem).find(Boolean);
  return read(environment, OTHER_ACCOUNTS_VARIABLE, problem).split(',');
}

/** Empty for a function without the variable. */
export function authoritiesIn(environment: NodeJS.ProcessEnv): readonly string[] {
  if (environment[CERTIFICATE_AUTHORITIES_VARIABLE] === undefined) return [];
  const problem = (arns: string) => arns.split(',').map(authorityArnProblem).find(Boolean);
  return read(environment, CERTIFICATE_AUTHORITIES_VARIABLE, problem).split(',');
}

/** The authorities that the function makes certificates for. */
export function authorityOrdersIn(environment: NodeJS.ProcessEnv): readonly AuthorityOrder[] {
  return readList<AuthorityOrder>(environment, AUTHORITY_ORDERS_VARIABLE);
}

/** Where verifiers find revocation lists. Undefined if certificates don't say it. */
export function revocationListAddressIn(environment: NodeJS.ProcessEnv): string | undefined {
  if (environment[REVOCATION_LIST_ADDRESS_VARIABLE] === undefined) return undefined;
  return read(environment, REVOCATION_LIST_ADDRESS_VARIABLE, listAddressProblem);
}

/** Where and how the function publishes revocation lists. */
export function revocationListsIn(environment: NodeJS.ProcessEnv) {
  const isHours = (text: string) => /^[1-9]\d{0,5}$/.test(text);
  const hours = read(environment, REVOCATION_LISTS_HOURS_VARIABLE, (text) =>
    isHours(text) ? undefined : 'must be whole hours, at least one',
  );
  return {
    authorities: readList<ListingAuthority>(environment, LISTING_AUTHORITIES_VARIABLE),
    bucket: read(environment, REVOCATION_LISTS_BUCKET_VARIABLE, bucketNameProblem),
    validityHours: Number(hours),
  };
}

/** What the constructs of this package have written as JSON. */
function readList<T>(environment: NodeJS.ProcessEnv, variable: string): readonly T[] {
  const problem = (json: string) => (Array.isArray(parsed(json)) ? undefined : 'must be a JSON list');
  return parsed(read(environment, variable, problem)) as readonly T[];
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** The gateway that must accept the certificates that the function issues. */
export interface GatewayEnvironment {
  readonly domainName: string;
  readonly truststore: VersionedObject;
}

/** Undefined without a gateway, when none of its variables is set. */
export function gatewayIn(environment: NodeJS.ProcessEnv): GatewayEnvironment | undefined {
  if (GATEWAY_VARIABLES.every((variable) => environment[variable] === undefined)) return undefined;
  return {
    domainName: read(environment, GATEWAY_DOMAIN_NAME_VARIABLE, dnsNameProblem),
    truststore: {
      bucket: read(environment, TRUSTSTORE_BUCKET_VARIABLE, bucketNameProblem),
      key: read(environment, TRUSTSTORE_KEY_VARIABLE, objectKeyProblem),
      versionId: read(environment, TRUSTSTORE_VERSION_VARIABLE, objectVersionProblem),
    },
  };
}

const GATEWAY_VARIABLES = [
  GATEWAY_DOMAIN_NAME_VARIABLE,
  TRUSTSTORE_BUCKET_VARIABLE,
  TRUSTSTORE_KEY_VARIABLE,
  TRUSTSTORE_VERSION_VARIABLE,
];

function stacksProblem(stacks: string): string | undefined {
  const [own = '', ...names] = stacks.split(',');
  const problem = [stackArnProblem(own), ...names.map(listedStackProblem)].find(Boolean);
  return problem && `must be the ARN of the function's stack and the names of others: each ${problem}`;
}

/** For the name of a stack, or a pattern of names. Those of another account begin with its ID and a slash. */
function listedStackProblem(listed: string): string | undefined {
  const [names = '', ...before] = listed.split('/').reverse();
  const [accountId, ...more] = before;
  if (accountId === undefined) return stackNamePatternProblem(names);
  return more.length > 0 ? 'must have one slash' : (accountIdProblem(accountId) ?? stackNamePatternProblem(names));
}

/** How long the authorizer goes by what it has read. Milliseconds. Absent variables have their usual values. */
export function memoryTimesIn(environment: NodeJS.ProcessEnv): Readonly<Record<AuthorizerTime, number>> {
  return {
    revocationDelay: millisecondsIn(environment, 'revocationDelay'),
    outageTolerance: millisecondsIn(environment, 'outageTolerance'),
  };
}

/** CloudFormation updates the code and the variables of a function one after the other, so a new variable may be absent. */
function millisecondsIn(environment: NodeJS.ProcessEnv, time: AuthorizerTime): number {
  const { variable, usual, longest } = AUTHORIZER_TIMES[time];
  if (environment[variable] === undefined) return usual * 1_000;
  const isValid = (value: string) => /^\d{1,9}$/.test(value) && Number(value) <= longest;
  const value = read(environment, variable, (text) =>
    isValid(text) ? undefined : `must be whole seconds, at most ${longest}`,
  );
  return Number(value) * 1_000;
}

function read(
  environment: NodeJS.ProcessEnv,
  variable: string,
  findProblem: (value: string) => string | undefined,
): string {
  const value = environment[variable] ?? '';
  const problem = findProblem(value);
  if (problem !== undefined) throw new EnvironmentError(variable, problem, value);
  return value;
}
