import { REGISTRY_TABLE_VARIABLE, TRUST_DOMAIN_VARIABLE } from '../pki/contract';
import { brokenTrustDomainRule } from '../pki/names';

/** A function whose environment lacks what it needs does not start: the template forgot something. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';

  constructor(variable: string, rule: string, value: string | undefined) {
    super(`environment variable ${variable} ${rule}, got ${JSON.stringify(value ?? '')}`);
  }
}

export function trustDomainOf(environment: NodeJS.ProcessEnv): string {
  const trustDomain = environment[TRUST_DOMAIN_VARIABLE] ?? '';
  const rule = brokenTrustDomainRule(trustDomain);
  if (rule !== undefined) throw new EnvironmentError(TRUST_DOMAIN_VARIABLE, rule, trustDomain);
  return trustDomain;
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html */
export function registryTableOf(environment: NodeJS.ProcessEnv): string {
  const table = environment[REGISTRY_TABLE_VARIABLE] ?? '';
  if (!/^[a-zA-Z0-9_.-]{3,255}$/.test(table)) {
    throw new EnvironmentError(REGISTRY_TABLE_VARIABLE, 'must be the name of a table', table);
  }
  return table;
}
