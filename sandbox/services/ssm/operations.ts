import { type AwsCall, AwsError } from '../../endpoint/api';
import type { JsonOperation } from '../../endpoint/json-protocol';
import { page } from '../shared/paging';
import { anything, boolean, integer, list, oneOf, optional, string, structure } from '../shared/shape';
import { PARAMETER_TYPES, type Parameter, type Parameters } from './state';

const DEFAULT_PAGE_SIZE = 10;

const name = string({ min: 1, max: 2048 });

/** https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_Operations.html */
export function ssmOperations(parameters: Parameters): Readonly<Record<string, JsonOperation>> {
  const getShape = structure({ Name: name, WithDecryption: optional(boolean) });

  function getParameter(input: unknown, call: AwsCall): object {
    const { Name } = getShape(input, '');
    call.authorize('ssm:GetParameter', parameters.arnOf(Name.replace(SELECTOR, '')));
    return { Parameter: described(...versionOf(parameters, Name)) };
  }

  const getManyShape = structure({ Names: list(name, { min: 1, max: 10 }), WithDecryption: optional(boolean) });

  function getParameters(input: unknown, call: AwsCall): object {
    const { Names } = getManyShape(input, '');
    for (const each of Names) call.authorize('ssm:GetParameters', parameters.arnOf(each.replace(SELECTOR, '')));
    const found = Names.filter((each) => parameters.find(each.replace(SELECTOR, '')) !== undefined);
    return {
      Parameters: found.map((each) => described(...versionOf(parameters, each))),
      InvalidParameters: Names.filter((each) => !found.includes(each)),
    };
  }

  const byPathShape = structure({
    Path: name,
    Recursive: optional(boolean),
    WithDecryption: optional(boolean),
    MaxResults: optional(integer({ min: 1, max: 10 })),
    NextToken: optional(string()),
  });

  function getParametersByPath(input: unknown, call: AwsCall): object {
    const { Path, Recursive, MaxResults, NextToken } = byPathShape(input, '');
    call.authorize('ssm:GetParametersByPath', parameters.arnOf(Path));
    const prefix = Path.endsWith('/') ? Path : `${Path}/`;
    const below = parameters.all.filter(
      (one) => one.name.startsWith(prefix) && (Recursive || !one.name.slice(prefix.length).includes('/')),
    );
    const { items, nextToken } = page(below, MaxResults ?? DEFAULT_PAGE_SIZE, NextToken);
    return { Parameters: items.map((one) => described(one, one.values.length)), NextToken: nextToken };
  }

  const putShape = structure({
    Name: name,
    Value: string({ min: 1, max: 8192 }),
    Type: optional(oneOf(...PARAMETER_TYPES)),
    Overwrite: optional(boolean),
    AllowedPattern: optional(anything),
    DataType: optional(anything),
    Description: optional(anything),
    KeyId: optional(anything),
    Policies: optional(anything),
    Tags: optional(anything),
    Tier: optional(anything),
  });

  function putParameter(input: unknown, call: AwsCall): object {
    const { Name, Value, Type, Overwrite } = putShape(input, '');
    call.authorize('ssm:PutParameter', parameters.arnOf(Name));
    const existing = parameters.find(Name);
    if (existing !== undefined && !Overwrite) {
      throw new AwsError(
        'ParameterAlreadyExists',
        'The parameter already exists. To overwrite this value, set Overwrite.',
      );
    }
    const type = Type ?? existing?.type;
    if (type === undefined)
      throw new AwsError('ValidationException', 'A parameter type is required when you create it.');
    return { Version: parameters.put(Name, type, Value).values.length, Tier: 'Standard' };
  }

  const deleteShape = structure({ Name: name });

  function deleteParameter(input: unknown, call: AwsCall): undefined {
    const { Name } = deleteShape(input, '');
    call.authorize('ssm:DeleteParameter', parameters.arnOf(Name));
    parameters.get(Name);
    parameters.delete(Name);
  }

  const deleteManyShape = structure({ Names: list(name, { min: 1, max: 10 }) });

  function deleteParameters(input: unknown, call: AwsCall): object {
    const { Names } = deleteManyShape(input, '');
    for (const each of Names) call.authorize('ssm:DeleteParameters', parameters.arnOf(each));
    const deleted = Names.filter((each) => parameters.delete(each));
    return { DeletedParameters: deleted, InvalidParameters: Names.filter((each) => !deleted.includes(each)) };
  }

  return {
    DeleteParameter: deleteParameter,
    DeleteParameters: deleteParameters,
    GetParameter: getParameter,
    GetParameters: getParameters,
    GetParametersByPath: getParametersByPath,
    PutParameter: putParameter,
  };
}

/** A version after the name. The sandbox has no labels. */
const SELECTOR = /:(\d+)$/;

/** @throws AwsError if there is no such parameter or version */
function versionOf(parameters: Parameters, nameAndVersion: string): readonly [Parameter, number] {
  const [, version] = SELECTOR.exec(nameAndVersion) ?? [];
  const parameter = parameters.get(nameAndVersion.replace(SELECTOR, ''));
  const number = version === undefined ? parameter.values.length : Number(version);
  if (parameter.values[number - 1] === undefined) {
    throw new AwsError('ParameterVersionNotFound', `the SSM parameter ${parameter.name} has no version ${number}`);
  }
  return [parameter, number];
}

function described({ name, arn, type, values, modifiedAt }: Parameter, version: number): object {
  return {
    Name: name,
    Type: type,
    // KMS encrypts nothing here, so every caller that may read a SecureString reads its text.
    Value: values[version - 1],
    Version: version,
    ARN: arn,
    DataType: 'text',
    LastModifiedDate: modifiedAt.getTime() / 1000,
  };
}
