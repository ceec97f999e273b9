import { type AwsCall, AwsError, type ConditionKeys } from '../../endpoint/api';
import type { JsonOperation } from '../../endpoint/json-protocol';
import { page } from '../shared/paging';
import { anything, boolean, integer, list, oneOf, optional, string, structure } from '../shared/shape';
import { mergeTags, resourceTagKeys, type Tag, tagList } from '../shared/tags';
import { PARAMETER_TIERS, PARAMETER_TYPES, type Parameter, type Parameters, type ParameterVersion } from './state';

const DEFAULT_PAGE_SIZE = 10;
const HISTORY_PAGE_SIZE = 50;

const name = string({ min: 1, max: 2048 });

/** https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_Operations.html */
export function ssmOperations(parameters: Parameters): Readonly<Record<string, JsonOperation>> {
  function authorize(call: AwsCall, action: string, nameOrArn: string, more: ConditionKeys = {}): void {
    const plain = nameOrArn.replace(SELECTOR, '');
    const tagKeys = resourceTagKeys(parameters.find(plain)?.tags ?? []);
    call.authorize(`ssm:${action}`, parameters.arnOf(plain), { ...tagKeys, ...more });
  }

  const getShape = structure({ Name: name, WithDecryption: optional(boolean) });

  function getParameter(input: unknown, call: AwsCall): object {
    const { Name } = getShape(input, '');
    authorize(call, 'GetParameter', Name);
    return { Parameter: described(...versionOf(parameters, Name)) };
  }

  const getManyShape = structure({ Names: list(name, { min: 1, max: 10 }), WithDecryption: optional(boolean) });

  function getParameters(input: unknown, call: AwsCall): object {
    const { Names } = getManyShape(input, '');
    for (const each of Names) authorize(call, 'GetParameters', each);
    const found = Names.filter((each) => findVersion(parameters, each) !== undefined);
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
    return { Parameters: items.map((one) => described(...versionOf(parameters, one.name))), NextToken: nextToken };
  }

  const historyShape = structure({
    Name: name,
    WithDecryption: optional(boolean),
    MaxResults: optional(integer({ min: 1, max: 50 })),
    NextToken: optional(string()),
  });

  /** The oldest first. */
  function getParameterHistory(input: unknown, call: AwsCall): object {
    const { Name, MaxResults, NextToken } = historyShape(input, '');
    authorize(call, 'GetParameterHistory', Name);
    const parameter = parameters.get(Name);
    const { items, nextToken } = page(parameter.versions, MaxResults ?? HISTORY_PAGE_SIZE, NextToken);
    const { tier: Tier } = parameter;
    const all = items.map((version) => ({ ...commonFields(parameter, version), Tier }));
    return { Parameters: all, NextToken: nextToken };
  }

  const putShape = structure({
    Name: name,
    Value: string({ min: 1 }),
    Type: optional(oneOf(...PARAMETER_TYPES)),
    Overwrite: optional(boolean),
    AllowedPattern: optional(string({ max: 1024 })),
    DataType: optional(anything),
    Description: optional(string({ max: 1024 })),
    KeyId: optional(anything),
    Policies: optional(string({ min: 1, max: 4096 })),
    Tags: optional(tagList),
    Tier: optional(oneOf(...PARAMETER_TIERS)),
  });

  function putParameter(input: unknown, call: AwsCall): object {
    const { Name, Overwrite = false, Tags, ...change } = putShape(input, '');
    authorize(call, 'PutParameter', Name, { ...requestTagKeys(Tags), 'ssm:Overwrite': String(Overwrite) });
    if (Tags !== undefined) authorize(call, 'AddTagsToResource', Name, requestTagKeys(Tags));
    if (Overwrite && Tags !== undefined) {
      const reason = "Invalid request: tags and overwrite can't be used together.";
      throw new AwsError('ValidationException', reason);
    }
    if (parameters.find(Name) !== undefined && !Overwrite) {
      throw new AwsError(
        'ParameterAlreadyExists',
        'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
      );
    }
    parameters.assertName(Name);
    const { versions, tier } = parameters.put(Name, {
      value: change.Value,
      type: change.Type,
      tier: change.Tier,
      hasPolicies: change.Policies !== undefined,
      allowedPattern: change.AllowedPattern,
      tags: Tags,
    });
    return { Version: versions.at(-1)?.number, Tier: tier };
  }

  const deleteShape = structure({ Name: name });

  function deleteParameter(input: unknown, call: AwsCall): undefined {
    const { Name } = deleteShape(input, '');
    authorize(call, 'DeleteParameter', Name);
    parameters.delete(parameters.get(Name).name);
  }

  const deleteManyShape = structure({ Names: list(name, { min: 1, max: 10 }) });

  function deleteParameters(input: unknown, call: AwsCall): object {
    const { Names } = deleteManyShape(input, '');
    for (const each of Names) authorize(call, 'DeleteParameters', each);
    const deleted = Names.filter((each) => parameters.delete(each));
    return { DeletedParameters: deleted, InvalidParameters: Names.filter((each) => !deleted.includes(each)) };
  }

  const resource = { ResourceType: oneOf('Parameter'), ResourceId: name };

  function tagged(id: string): Parameter {
    const parameter = parameters.find(id);
    if (parameter === undefined) throw new AwsError('InvalidResourceId', `there is no SSM parameter ${id}`);
    return parameter;
  }

  const addTagsShape = structure({ ...resource, Tags: tagList });

  function addTagsToResource(input: unknown, call: AwsCall): undefined {
    const { ResourceId, Tags } = addTagsShape(input, '');
    authorize(call, 'AddTagsToResource', ResourceId, requestTagKeys(Tags));
    const parameter = tagged(ResourceId);
    parameters.setTags(parameter, tagList(mergeTags(parameter.tags, Tags), 'Tags'));
  }

  const removeTagsShape = structure({ ...resource, TagKeys: list(string()) });

  function removeTagsFromResource(input: unknown, call: AwsCall): undefined {
    const { ResourceId, TagKeys } = removeTagsShape(input, '');
    authorize(call, 'RemoveTagsFromResource', ResourceId, TagKeys.length > 0 ? { 'aws:TagKeys': TagKeys } : {});
    const parameter = tagged(ResourceId);
    parameters.setTags(
      parameter,
      parameter.tags.filter(({ Key }) => !TagKeys.includes(Key)),
    );
  }

  const listTagsShape = structure(resource);

  function listTagsForResource(input: unknown, call: AwsCall): object {
    const { ResourceId } = listTagsShape(input, '');
    authorize(call, 'ListTagsForResource', ResourceId);
    return { TagList: tagged(ResourceId).tags };
  }

  return {
    AddTagsToResource: addTagsToResource,
    DeleteParameter: deleteParameter,
    DeleteParameters: deleteParameters,
    GetParameter: getParameter,
    GetParameterHistory: getParameterHistory,
    GetParameters: getParameters,
    GetParametersByPath: getParametersByPath,
    ListTagsForResource: listTagsForResource,
    PutParameter: putParameter,
    RemoveTagsFromResource: removeTagsFromResource,
  };
}

/** A version after the name. The sandbox has no labels. */
const SELECTOR = /:(\d+)$/;

function findVersion(parameters: Parameters, nameAndVersion: string): ParameterVersion | undefined {
  const [, number] = SELECTOR.exec(nameAndVersion) ?? [];
  const { versions = [] } = parameters.find(nameAndVersion.replace(SELECTOR, '')) ?? {};
  return number === undefined ? versions.at(-1) : versions.find((one) => one.number === Number(number));
}

/** @throws AwsError if there is no such parameter or version */
function versionOf(parameters: Parameters, nameAndVersion: string): readonly [Parameter, ParameterVersion] {
  const parameter = parameters.get(nameAndVersion.replace(SELECTOR, ''));
  const version = findVersion(parameters, nameAndVersion);
  if (version !== undefined) return [parameter, version];
  throw new AwsError('ParameterVersionNotFound', `there is no version of the SSM parameter ${nameAndVersion}`);
}

function described(parameter: Parameter, version: ParameterVersion): object {
  return { ...commonFields(parameter, version), ARN: parameter.arn };
}

/** What GetParameter and GetParameterHistory say alike. */
function commonFields({ name, type }: Parameter, { number, value, modifiedAt }: ParameterVersion): object {
  return {
    Name: name,
    Type: type,
    // KMS encrypts nothing here, so every caller that may read a SecureString reads its text.
    Value: value,
    Version: number,
    DataType: 'text',
    LastModifiedDate: modifiedAt.getTime() / 1000,
  };
}

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html */
function requestTagKeys(tags: readonly Tag[] = []): ConditionKeys {
  if (tags.length === 0) return {};
  const each = tags.map(({ Key, Value }) => [`aws:RequestTag/${Key}`, Value ?? '']);
  return { ...Object.fromEntries(each), 'aws:TagKeys': tags.map(({ Key }) => Key) };
}
