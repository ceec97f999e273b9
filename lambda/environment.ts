import {
  GATEWAY_DOMAIN_NAME_VARIABLE,
  REGISTRY_TABLE_VARIABLE,
  TRUST_DOMAIN_VARIABLE,
  TRUSTSTORE_BUCKET_VARIABLE,
  TRUSTSTORE_KEY_VARIABLE,
  TRUSTSTORE_VERSION_VARIABLE,
} from '../mesh/contract';
import { brokenDnsNameRule, brokenObjectVersionRule, brokenTrustDomainRule } from '../mesh/names';

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

/** The gateway that is to let in what the function issues. */
export interface GatewayEnvironment {
  readonly domainName: string;
  readonly truststore: { readonly bucket: string; readonly key: string; readonly versionId: string };
}

/** Undefined when there is no gateway: none of its variables is set. */
export function gatewayOf(environment: NodeJS.ProcessEnv): GatewayEnvironment | undefined {
  const text = (variable: string, form: RegExp, rule: string): string => {
    const value = environment[variable] ?? '';
    if (!form.test(value)) throw new EnvironmentError(variable, rule, value);
    return value;
  };
  if (GATEWAY_VARIABLES.every((variable) => environment[variable] === undefined)) return undefined;
  const domainName = environment[GATEWAY_DOMAIN_NAME_VARIABLE] ?? '';
  const rule = brokenDnsNameRule(domainName);
  if (rule !== undefined) throw new EnvironmentError(GATEWAY_DOMAIN_NAME_VARIABLE, rule, domainName);
  const versionId = environment[TRUSTSTORE_VERSION_VARIABLE] ?? '';
  const versionRule = brokenObjectVersionRule(versionId);
  if (versionRule !== undefined) throw new EnvironmentError(TRUSTSTORE_VERSION_VARIABLE, versionRule, versionId);
  return {
    domainName,
    truststore: {
      bucket: text(TRUSTSTORE_BUCKET_VARIABLE, /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be the name of a bucket'),
      key: text(
        TRUSTSTORE_KEY_VARIABLE,
        /^(?=.{1,1024}$)[\w-][\w.-]*(\/[\w-][\w.-]*)*$/,
        'must be the key of an object',
      ),
      versionId,
    },
  };
}

const GATEWAY_VARIABLES = [
  GATEWAY_DOMAIN_NAME_VARIABLE,
  TRUSTSTORE_BUCKET_VARIABLE,
  TRUSTSTORE_KEY_VARIABLE,
  TRUSTSTORE_VERSION_VARIABLE,
];
