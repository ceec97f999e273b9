import { randomUUID } from 'node:crypto';
import { AccessDenied, type AwsAnswer, type AwsApi, type AwsCall, AwsError } from './api';
import { writeXml, type XmlElements } from './xml';

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
}

/**
 * A service with the AWS Query protocol: a POST of a form to `/`, whose `Action` is the operation, answered in XML.
 * https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
 */
export function queryApi({ signingName, version, namespace, operations }: QueryApiOptions): AwsApi {
  function run(call: AwsCall): AwsAnswer {
    const { Action: name = '', Version: given, ...input } = inputOf(call);
    const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
    if (call.method !== 'POST' || given !== version || operation === undefined) {
      throw new AwsError('InvalidAction', `the sandbox does not support ${signingName}:${name} of version ${given}`);
    }
    const content = { [`${name}Result`]: operation(input, call), ResponseMetadata: { RequestId: randomUUID() } };
    return xml(200, writeXml(`${name}Response`, content, namespace));
  }

  return {
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
}

/** An error in the AWS Query protocol. */
export function queryError(error: unknown): AwsAnswer {
  const { code, message, status } = asAwsError(error);
  const Type = status >= 500 ? 'Receiver' : 'Sender';
  const content = { Error: { Type, Code: code, Message: message }, RequestId: randomUUID() };
  return xml(status, writeXml('ErrorResponse', content));
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
