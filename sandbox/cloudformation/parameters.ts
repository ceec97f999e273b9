import { type ParameterDeclaration, TemplateError } from './template';

/** The value of `Ref` to a parameter: a string, or a list of strings for a list type. */
export type ParameterValue = string | readonly string[];

/**
 * The value of each parameter: the given value, or the default. For a parameter that names an SSM parameter
 * (`AWS::SSM::Parameter::Value<…>`), it is the value of that one, which is read when it is needed first: the CDK has such
 * a parameter in every template, for a rule that has no effect here.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html
 *
 * @param readParameter the text of an SSM parameter. Throws if there is none
 */
export function parameterValues(
  declarations: Readonly<Record<string, ParameterDeclaration>>,
  given: Readonly<Record<string, string>>,
  readParameter: (name: string) => string,
): ReadonlyMap<string, () => ParameterValue> {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(declarations, name)) {
      const known = Object.keys(declarations).join(', ') || 'none';
      throw new TemplateError(`parameter ${name} is not in the template, which has ${known}`);
    }
  }
  return new Map(
    Object.entries(declarations).map(([name, declaration]) => {
      const value = Object.hasOwn(given, name) ? given[name] : declaration['Default'];
      if (value === undefined) throw new TemplateError(`parameter ${name} must be given, since it has no default`);
      const [, ofSsm] = /^AWS::SSM::Parameter::Value<(.+)>$/.exec(String(declaration['Type'])) ?? [];
      if (ofSsm !== undefined) return [name, once(() => ssmValue(name, ofSsm, String(value), readParameter))];
      const typed = typedValue(name, declaration, String(value));
      return [name, () => typed];
    }),
  );
}

function ssmValue(
  name: string,
  type: string,
  ssmName: string,
  readParameter: (name: string) => string,
): ParameterValue {
  let text: string;
  try {
    text = readParameter(ssmName);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TemplateError(
      `parameter ${name} needs the value of the SSM parameter ${ssmName}: ${reason}; ` +
        `give it by the parameter ssm:${ssmName}, or declare it in the app`,
      { cause },
    );
  }
  return /^(CommaDelimitedList|List<.+>)$/.test(type) ? text.split(',').map((item) => item.trim()) : text;
}

/** In an update, the value stays the one that the operation read first. */
function once<T>(read: () => T): () => T {
  let value: { readonly read: T } | undefined;
  return () => {
    value ??= { read: read() };
    return value.read;
  };
}

function typedValue(name: string, declaration: ParameterDeclaration, text: string): ParameterValue {
  const type = String(declaration['Type']);
  if (type === 'CommaDelimitedList' || /^List<.+>$/.test(type)) {
    const items = text.split(',').map((item) => item.trim());
    for (const item of items) check(name, declaration, item);
    return items;
  }
  check(name, declaration, text);
  return text;
}

function check(name: string, declaration: ParameterDeclaration, value: string): void {
  const rule = brokenRule(declaration, value);
  if (rule !== undefined) {
    // A NoEcho value is a secret.
    const got = declaration['NoEcho'] ? '' : `, got ${JSON.stringify(value)}`;
    throw new TemplateError(`parameter ${name} ${rule}${got}`);
  }
}

function brokenRule(declaration: ParameterDeclaration, value: string): string | undefined {
  const { AllowedValues, AllowedPattern, MinLength, MaxLength, MinValue, MaxValue } = declaration;
  if (/^(List<)?Number>?$/.test(String(declaration['Type'])) && (value.trim() === '' || Number.isNaN(Number(value)))) {
    return 'must be a number';
  }
  if (Array.isArray(AllowedValues) && !AllowedValues.map(String).includes(value)) {
    return `must be one of ${AllowedValues.join(', ')}`;
  }
  if (typeof AllowedPattern === 'string' && !new RegExp(`^(?:${AllowedPattern})$`).test(value)) {
    return `must match ${AllowedPattern}`;
  }
  if (MinLength !== undefined && value.length < Number(MinLength)) return `must have at least ${MinLength} characters`;
  if (MaxLength !== undefined && value.length > Number(MaxLength)) return `must have at most ${MaxLength} characters`;
  if (MinValue !== undefined && Number(value) < Number(MinValue)) return `must be at least ${MinValue}`;
  if (MaxValue !== undefined && Number(value) > Number(MaxValue)) return `must be at most ${MaxValue}`;
  return undefined;
}
