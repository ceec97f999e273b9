import { AwsCallError } from '../../aws/aws-error';
import type { AwsConnection } from '../../aws/connection';
import { failureSentence } from '../../aws/failure';
import { type JsonObject, parseJsonObject } from '../../aws/json-caller';
import type { RetryPolicy } from '../../aws/retry';
import { type ResponseReader, type ServiceResponse, SignedCaller } from '../../aws/signed-caller';
import { Sts } from '../../aws/sts';
import type { CertificateDocument } from '../../mesh/certificate-document';
import type { CertificateRequestBody } from '../../mesh/contract';
import { KEY_ALGORITHMS, type KeyAlgorithm } from '../../pki/keys';
import { AwsAccessError, commandConnection } from '../shared/aws-access';

/** The issuer returned no certificate. The message says why and what to do. */
export class IssuerError extends Error {
  override readonly name = 'IssuerError';

  /** The algorithm that the client's keys must have, if that of the request is another one. */
  readonly keyAlgorithm: KeyAlgorithm | undefined;

  constructor(message: string, options: ErrorOptions & { readonly keyAlgorithm?: KeyAlgorithm | undefined } = {}) {
    super(message, options);
    this.keyAlgorithm = options.keyAlgorithm;
  }
}

/** The issuer answers within seconds. A repeated request returns the same certificate for some minutes. */
const RETRY_POLICY: RetryPolicy = { attempts: 4, backoff: { first: 500, longest: 4_000 } };
/** The time limit of all attempts together. Milliseconds. */
const TIME_LIMIT = 60_000;

/** AWS accepts a signature for five minutes: https://docs.aws.amazon.com/IAM/latest/UserGuide/signing-elements.html */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

/**
 * Requests a certificate from the issuer. The request is signed for the Region in the URL, or for the configured Region if
 * the URL has none.
 * @throws IssuerError, AwsAccessError
 */
export async function requestCertificate(
  url: URL,
  body: CertificateRequestBody,
  send?: AwsConnection['send'],
): Promise<CertificateDocument> {
  const signal = AbortSignal.timeout(TIME_LIMIT);
  const connection = { ...commandConnection({ region: regionIn(url) }), ...(send && { send }) };
  const response = await post(url, connection, JSON.stringify(body), signal);
  const fields = parseJsonObject(response.text) ?? {};
  if (response.status === 200) return readDocument(fields);
  const reasons = [
    `the issuer answered ${response.status}: ${messageIn(fields)}`,
    ...(await hints(response, connection)),
  ];
  const keyAlgorithm = KEY_ALGORITHMS.find((known) => known === fields['keyAlgorithm']);
  throw new IssuerError(reasons.join('; '), { keyAlgorithm });
}

/** https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html */
function regionIn({ hostname }: URL): string | undefined {
  return /^[a-z0-9]+\.lambda-url\.([a-z0-9-]+)\.on\./.exec(hostname)?.[1];
}

/** The response, whatever its status: the issuer's rejections are answers too. */
async function post(url: URL, connection: AwsConnection, body: string, signal: AbortSignal): Promise<ServiceResponse> {
  const caller = new SignedCaller({
    service: { name: 'lambda', endpointVariable: 'LAMBDA' },
    connection: { ...connection, endpoint: () => url.origin },
    retryPolicy: RETRY_POLICY,
  });
  const request = {
    method: 'POST',
    path: url.pathname + url.search,
    headers: { 'content-type': 'application/json' },
    body,
  } as const;
  try {
    return await caller.call('InvokeFunctionUrl', request, RESPONSE, signal);
  } catch (cause) {
    if (cause instanceof AwsAccessError) throw cause;
    throw new IssuerError(unansweredReason(url, cause, signal), { cause });
  }
}

const RESPONSE: ResponseReader<ServiceResponse> = {
  isAnswer: (status) => status < 500 && status !== 429,
  answerIn: (response) => response,
  errorIn: ({ text }) => ({ code: undefined, message: messageIn(parseJsonObject(text) ?? {}) }),
};

function unansweredReason(url: URL, cause: unknown, signal: AbortSignal): string {
  const { code, reason } = cause instanceof AwsCallError ? cause : { code: '', reason: failureSentence(cause) };
  if (signal.aborted || code === 'TimeoutError') {
    return `the issuer at ${url.host} can't be reached: no answer within ${TIME_LIMIT / 1000} s`;
  }
  const [, status] = /^HTTP (\d+)$/.exec(code) ?? [];
  return status === undefined
    ? `the issuer at ${url.host} can't be reached: ${code ? `${code} (${reason})` : reason}`
    : `the issuer answered ${status}: ${reason}`;
}

/** What to check after a rejection. */
async function hints({ status, headers }: ServiceResponse, connection: AwsConnection): Promise<readonly string[]> {
  if (status !== 403) return [];
  const arn = await new Sts(connection).callerArn(AbortSignal.timeout(5_000)).catch(() => undefined);
  const ahead = Date.now() - Date.parse(headers.date ?? '');
  return [
    `grant the client to ${arn ?? 'the principal of the credentials'} with client.grantRequest()`,
    ...(Math.abs(ahead) > CLOCK_TOLERANCE_MS
      ? [`the clock of this machine is ${Math.round(Math.abs(ahead) / 60_000)} minutes ${ahead > 0 ? 'fast' : 'slow'}`]
      : []),
  ];
}

function readDocument(fields: JsonObject): CertificateDocument {
  const text = (name: keyof CertificateDocument): string => {
    const value = fields[name];
    if (typeof value === 'string') return value;
    throw new IssuerError(`the answer has no text "${name}": check that the URL is the URL of the issuer`);
  };
  return {
    certificate: text('certificate'),
    certificateChain: text('certificateChain'),
    serialNumber: text('serialNumber'),
    notBefore: text('notBefore'),
    notAfter: text('notAfter'),
    fingerprint: text('fingerprint'),
  };
}

/** The message of the issuer or of Lambda, without control characters that a terminal would interpret. */
function messageIn({ message, Message }: JsonObject): string {
  const text = message ?? Message;
  return typeof text === 'string' ? text.slice(0, 1_000).replace(/\p{C}+/gu, ' ') : 'no reason given';
}
