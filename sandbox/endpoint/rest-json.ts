import { randomUUID } from 'node:crypto';
import { AccessDenied, type AwsAnswer, type AwsApi, type AwsCall, AwsError } from './api';

type Labels = Readonly<Record<string, string>>;

/** An operation of a REST JSON service. It calls `call.authorize` first. */
interface RestJsonOperation {
  readonly method: string;
  /** With labels such as `{FunctionName}`, each of which is one segment. */
  readonly path: string;
  /**
   * @param labels decoded
   * @returns an answer, or the document of an answer with the status 200
   * @throws AwsError for the errors that the service documents
   */
  readonly run: (call: AwsCall, labels: Labels) => AwsAnswer | JsonAnswer | Promise<AwsAnswer | JsonAnswer>;
}

interface JsonAnswer {
  readonly document: object;
}

export interface RestJsonApiOptions {
  /** The name in the SigV4 credential scope, such as `lambda`. */
  readonly signingName: string;
  /** By operation name, such as `Invoke`. Any other operation fails with its method and path. */
  readonly operations: Readonly<Record<string, RestJsonOperation>>;
}

/**
 * A service with the protocol AWS REST JSON: method and path select the operation, errors have their name in a header.
 * https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html
 */
export function restJsonApi({ signingName, operations }: RestJsonApiOptions): AwsApi {
  const routes = Object.entries(operations).map(([name, operation]) => ({ name, operation, form: formOf(operation) }));

  function find({ method, path }: Pick<AwsCall, 'method' | 'path'>) {
    for (const { name, operation, form } of routes) {
      const labels = operation.method === method ? labelsIn(form.exec(path)) : undefined;
      if (labels !== undefined) return { name, operation, labels };
    }
    return undefined;
  }

  return {
    signingName,
    describe(call) {
      const found = find(call);
      return { operation: found?.name ?? `${call.method} ${call.path}`, input: found?.labels ?? {} };
    },
    async handle(call) {
      try {
        const found = find(call);
        if (found === undefined) {
          const message = `the sandbox does not support ${signingName}:${call.method} ${call.path}`;
          throw new AwsError('UnknownOperationException', message);
        }
        const answer = await found.operation.run(call, found.labels);
        return 'document' in answer ? jsonAnswer(200, {}, answer.document) : answer;
      } catch (error) {
        return restJsonError(error);
      }
    },
  };
}

/** An error in REST JSON: its name in a header, its message in the body. */
export function restJsonError(error: unknown): AwsAnswer {
  const { code, message, status } = asAwsError(error);
  return jsonAnswer(status, { 'x-amzn-errortype': code }, { message });
}

/** A slash at the end is optional, because clients differ in it. */
function formOf({ path }: RestJsonOperation): RegExp {
  return new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}/?$`);
}

/** Undefined if the path has another form. */
function labelsIn(match: RegExpExecArray | null): Labels | undefined {
  if (match === null) return undefined;
  try {
    const labels = Object.entries(match.groups ?? {});
    return Object.fromEntries(labels.map(([name, text]) => [name, decodeURIComponent(text)]));
  } catch {
    return undefined;
  }
}

function jsonAnswer(status: number, headers: Readonly<Record<string, string>>, document: object): AwsAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-requestid': randomUUID(), ...headers },
    body: JSON.stringify(document),
  };
}

function asAwsError(error: unknown): AwsError {
  if (error instanceof AwsError) return error;
  if (error instanceof AccessDenied) return new AwsError('AccessDeniedException', error.message, 403);
  return new AwsError('InternalFailure', error instanceof Error ? error.message : String(error), 500);
}
