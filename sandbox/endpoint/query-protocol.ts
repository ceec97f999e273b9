import { randomUUID } from 'node:crypto';
import { AccessDenied, type AwsAnswer, type AwsApi, type AwsCall, AwsError } from './api';
import { jsonApi } from './json-protocol';
import { writeXml, type XmlContent, type XmlElements } from './xml';

/** The parameters of the operation by name. Names in lists and structures contain dots. */
export type QueryInput = Readonly<Record<string, string>>;

export interface QueryApiOptions {
  /** The name in the SigV4 credential scope, such as `cloudformation`. */
  readonly signingName: string;
  /** The API version that requests must have, such as `2010-05-15`. */
  readonly version: string;
  /** The XML namespace of answers. */
  readonly namespace: string;
  /**
   * By operation name, such as `DescribeStacks`. Any other operation fails with its name. Each operation calls
   * `call.authorize` first, returns the elements of its result, and throws AwsError for the errors that the service
   * documents.
   */
  readonly operations: Readonly<Record<string, (input: QueryInput, call: AwsCall) => XmlElements>>;
  /**
   * The prefix of the operation's name in `X-Amz-Target`, if the service also has the protocol AWS JSON 1.0, which newer
   * clients use. https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#aws-protocols-awsquerycompatible-trait
   */
  readonly jsonTargetPrefix?: string;
}

/**
 * A service with the AWS Query protocol: a POST of a form to `/`, whose `Action` is the operation, answered in XML.
 * https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
 */
export function queryApi(options: QueryApiOptions): AwsApi {
  const { signingName, version, namespace, operations, jsonTargetPrefix } = options;

  function run(call: AwsCall): AwsAnswer {
    const { Action: name = '', Version: given, ...input } = inputOf(call);
    const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
    if (call.method !== 'POST' || given !== version || operation === undefined) {
      throw new AwsError('InvalidAction', `the sandbox does not support ${signingName}:${name} of version ${given}`);
    }
    const content = { [`${name}Result`]: operation(input, call), ResponseMetadata: { RequestId: randomUUID() } };
    return xml(200, writeXml(`${name}Response`, content, namespace));
  }

  const form: AwsApi = {
    signingName,
    describe(call) {
      const { Action: operation = '', Version: _version, ...input } = inputOf(call);
      return { operation, input };
    },
    async handle(call) {
      try {
        return run(call);
      } catch (error) {
        return queryError(error);
      }
    },
  };
  if (jsonTargetPrefix === undefined) return form;

  const json = jsonApi({ signingName, targetPrefix: jsonTargetPrefix, version: '1.0', operations: inJson(operations) });
  const either = ({ headers }: Pick<AwsCall, 'headers'>) => (headers['x-amz-target'] === undefined ? form : json);
  return {
    signingName,
    describe: (call) => either(call).describe(call),
    handle: (call) => either(call).handle(call),
  };
}

/** An error in the AWS Query protocol. */
export function queryError(error: unknown): AwsAnswer {
  const { code, message, status } = asAwsError(error);
  const Type = status >= 500 ? 'Receiver' : 'Sender';
  const content = { Error: { Type, Code: code, Message: message }, RequestId: randomUUID() };
  return xml(status, writeXml('ErrorResponse', content));
}

function inJson(operations: QueryApiOptions['operations']) {
  return Object.fromEntries(
    Object.entries(operations).map(([name, operation]) => [
      name,
      (input: object, call: AwsCall) => Object(documentOf(operation(Object.fromEntries(parametersOf(input)), call))),
    ]),
  );
}

/** The parameters of a document: members of lists are numbered from 1, and times are ISO 8601. */
function parametersOf(value: unknown, path: readonly string[] = []): [string, string][] {
  if (Array.isArray(value)) {
    return value.flatMap((each, index) => parametersOf(each, [...path, 'member', String(index + 1)]));
  }
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([name, each]) => parametersOf(each, [...path, name]));
  }
  if (value === undefined || value === null) return [];
  const isTime = typeof value === 'number' && /Time(stamp)?$/.test(path.at(-1) ?? '');
  return [[path.join('.'), isTime ? new Date(value * 1000).toISOString() : String(value)]];
}

/** Elements as a document: `member` elements are a list, and times are seconds since 1970. */
function documentOf(content: XmlContent): unknown {
  if (content instanceof Date) return content.getTime() / 1000;
  if (Array.isArray(content)) return content.map(documentOf);
  if (typeof content !== 'object') return content;
  if (Object.hasOwn(content, 'member')) return documentOf((content as XmlElements)['member']) ?? [];
  return Object.fromEntries(Object.entries(content).map(([name, each]) => [name, documentOf(each)]));
}

function inputOf({ body }: Pick<AwsCall, 'body'>): QueryInput {
  return Object.fromEntries(new URLSearchParams(body.toString('utf8')));
}

function xml(status: number, body: string): AwsAnswer {
  return { status, headers: { 'content-type': 'text/xml' }, body };
}

function asAwsError(error: unknown): AwsError {
  if (error instanceof AwsError) return error;
  if (error instanceof AccessDenied) return new AwsError('AccessDenied', error.message, 403);
  return new AwsError('InternalFailure', error instanceof Error ? error.message : String(error), 500);
}
