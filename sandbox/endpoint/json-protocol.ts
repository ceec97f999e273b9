import { randomUUID } from 'node:crypto';
import { AccessDenied, type AwsAnswer, type AwsApi, type AwsCall, AwsError } from './api';
import type { RequestQuotas } from './request-quota';

/**
 * An operation of a JSON service. It calls `call.authorize` before it looks anything up, so a caller without permission
 * doesn't learn whether a resource exists.
 * @returns the output document, or nothing for an operation without output
 * @throws AwsError for the errors that the service documents
 */
export type JsonOperation = (input: JsonDocument, call: AwsCall) => Promise<object | undefined> | object | undefined;

export type JsonDocument = Readonly<Record<string, unknown>>;

export interface JsonApiOptions {
  /** The name in the SigV4 credential scope, such as `acm-pca`. */
  readonly signingName: string;
  /** The prefix of the operation's name in `X-Amz-Target`, such as `ACMPrivateCA`. */
  readonly targetPrefix: string;
  /** The protocol version: `1.1` for most services, `1.0` for DynamoDB. */
  readonly version: '1.0' | '1.1';
  /** By operation name, such as `IssueCertificate`. Any other operation fails with its name. */
  readonly operations: Readonly<Record<string, JsonOperation>>;
  /** Calls beyond the quotas are throttled, whoever makes them. @default - no quotas */
  readonly quotas?: RequestQuotas;
}

/**
 * A service with the protocol AWS JSON 1.0 or 1.1: a POST to `/`, with the operation in `X-Amz-Target`, JSON documents,
 * and errors as `{ __type, message }`. https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
 */
export function jsonApi(options: JsonApiOptions): AwsApi {
  const contentType = `application/x-amz-json-${options.version}`;

  async function run(call: AwsCall): Promise<object> {
    const operation = operationOf(call, options);
    options.quotas?.[operationName(call, options)]?.take();
    return (await operation(inputOf(call), call)) ?? {};
  }

  function answer(status: number, document: object): AwsAnswer {
    return {
      status,
      headers: { 'content-type': contentType, 'x-amzn-requestid': randomUUID() },
      body: JSON.stringify(document),
    };
  }

  return {
    signingName: options.signingName,
    describe: (call) => ({ operation: operationName(call, options), input: readableInputOf(call) }),
    async handle(call) {
      try {
        return answer(200, await run(call));
      } catch (error) {
        const { code, message, status } = asAwsError(error);
        return answer(status, { __type: code, message });
      }
    },
  };
}

function operationName({ headers }: Pick<AwsCall, 'headers'>, { targetPrefix }: JsonApiOptions): string {
  const target = headers['x-amz-target'] ?? '';
  return target.startsWith(`${targetPrefix}.`) ? target.slice(targetPrefix.length + 1) : target;
}

function operationOf(call: AwsCall, options: JsonApiOptions): JsonOperation {
  const { signingName, operations } = options;
  const name = operationName(call, options);
  const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
  if (call.method !== 'POST' || operation === undefined) {
    throw new AwsError('UnknownOperationException', `the sandbox does not support ${signingName}:${name}`);
  }
  return operation;
}

function readableInputOf(call: Pick<AwsCall, 'body'>): JsonDocument {
  try {
    return inputOf(call);
  } catch {
    return {};
  }
}

function inputOf(call: Pick<AwsCall, 'body'>): JsonDocument {
  if (call.body.length === 0) return {};
  let input: unknown;
  try {
    input = JSON.parse(call.body.toString('utf8'));
  } catch (cause) {
    throw new AwsError('SerializationException', `the request's body is not JSON: ${(cause as Error).message}`);
  }
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new AwsError('SerializationException', "the request's body must be a JSON object");
  }
  return input as JsonDocument;
}

function asAwsError(error: unknown): AwsError {
  if (error instanceof AwsError) return error;
  if (error instanceof AccessDenied) return new AwsError('AccessDeniedException', error.message);
  // A defect of the sandbox. The SDK treats it like an internal failure of AWS.
  return new AwsError('InternalFailure', error instanceof Error ? error.message : String(error), 500);
}
