import type { AccountServices } from './account-services';

/** A secret or parameter of Systems Manager, in the words of dynamic references. */
const PROVIDED = /^(ssm|ssm-secure|secretsmanager):(.+)$/s;

/** The given parameters: those of templates, and the values that the account has before a deployment. */
export interface GivenParameters {
  readonly ofTemplates: Readonly<Record<string, string>>;
  /** By what a dynamic reference would name, such as `ssm:/mail/host`. */
  readonly provided: Readonly<Record<string, string>>;
}

export function splitParameters(parameters: Readonly<Record<string, string>>): GivenParameters {
  const entries = Object.entries(parameters);
  return {
    ofTemplates: Object.fromEntries(entries.filter(([name]) => !PROVIDED.test(name))),
    provided: Object.fromEntries(entries.filter(([name]) => PROVIDED.test(name))),
  };
}

/** Puts the values where dynamic references, parameters of templates, and functions find them. */
export function provide(
  values: GivenParameters['provided'],
  { parameters, secrets }: Pick<AccountServices, 'parameters' | 'secrets'>,
): void {
  for (const [reference, value] of Object.entries(values)) {
    const [, service, name = ''] = PROVIDED.exec(reference) ?? [];
    if (service === 'secretsmanager') secrets.provide(name, value);
    else parameters.provide(name, value, { isSecure: service === 'ssm-secure' });
  }
}
