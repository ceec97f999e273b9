/** Certificate requests as HTTP requests to the function's URL. */
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { Log } from '../../../aws/cloudwatch';
import { failureSentence, failureStack } from '../../../aws/failure';
import type { CertificateDocument } from '../../../mesh/certificate-document';
import type { CertificateRequestBody, CertificateRequestFailure } from '../../../mesh/contract';
import { clientNameProblem } from '../../../mesh/names';

/** https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html */
export interface HttpCertificateRequest extends CertificateRequestBody {
  /**
   * ARN of the principal that signed the request, as authenticated by Lambda. Undefined if Lambda did not authenticate
   * the caller. Callers can't forge it: only services and callers of the URL may invoke the function, so only Lambda
   * writes the fields around the body.
   */
  readonly callerArn: string | undefined;
}

/** A request is refused. The message is for the caller, and the cause is for the log. */
export class CertificateRequestRefusal extends Error {
  override readonly name = 'CertificateRequestRefusal';

  constructor(
    /** HTTP status. */
    readonly status: 400 | 403 | 405 | 409 | 413,
    message: string,
    private readonly options: ErrorOptions & Pick<CertificateRequestFailure, 'keyAlgorithm'> = {},
  ) {
    super(message, options);
  }

  /** The answer to the caller. */
  get document(): CertificateRequestFailure {
    const { keyAlgorithm } = this.options;
    return { message: this.message, ...(keyAlgorithm && { keyAlgorithm }) };
  }
}

const FAILURE = 'the certificate could not be issued: see the log of the issuer';

/**
 * Reads a request, runs it, and returns the response. Never rejects. If an error is not a refusal, the response does
 * not contain details.
 */
export async function answerCertificateRequest(
  event: object,
  run: (request: HttpCertificateRequest) => Promise<CertificateDocument>,
  log: Log,
): Promise<APIGatewayProxyStructuredResultV2> {
  try {
    return answer(200, await run(readCertificateRequest(event)));
  } catch (error) {
    const reason = failureSentence(error);
    if (error instanceof CertificateRequestRefusal) {
      log({ event: 'certificate-request-refused', status: error.status, reason });
      return answer(error.status, error.document);
    }
    log({ event: 'certificate-request-failed', reason, stack: failureStack(error) });
    return answer(500, { message: FAILURE });
  }
}

function answer(
  statusCode: number,
  document: CertificateDocument | CertificateRequestFailure,
): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode,
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      ...(statusCode === 405 && { allow: 'POST' }),
    },
    body: JSON.stringify(document),
  };
}

/** Bytes. A request for an RSA key of 4096 bits has fewer than two thousand, and its names have a few hundred. */
const LARGEST_BODY = 16_384;
const LARGEST_ENCODED_BODY = Math.ceil(LARGEST_BODY / 3) * 4;

type Fields = Readonly<Record<string, unknown>>;

/** @throws CertificateRequestRefusal */
export function readCertificateRequest(event: object): HttpCertificateRequest {
  const context = toFields(toFields(event)['requestContext']);
  if (toFields(context['http'])['method'] !== 'POST') {
    throw new CertificateRequestRefusal(405, 'the method must be POST');
  }
  const { userArn } = toFields(toFields(context['authorizer'])['iam']);
  const fields = parseObject(readBody(toFields(event)));
  const text = (name: keyof CertificateRequestBody): string => {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (typeof value === 'string') return value;
    throw new CertificateRequestRefusal(400, `the body must have a string "${name}"`);
  };
  const clientName = text('clientName');
  const problem = clientNameProblem(clientName);
  if (problem !== undefined) throw new CertificateRequestRefusal(400, `clientName ${problem}`);
  return {
    callerArn: typeof userArn === 'string' ? userArn : undefined,
    clientName,
    certificateSigningRequest: text('certificateSigningRequest'),
  };
}

/** Lambda encodes the body in base64 depending on its content type. */
function readBody({ body = '', isBase64Encoded }: Fields): Buffer {
  if (typeof body !== 'string') throw new CertificateRequestRefusal(400, 'the body must be text');
  const isTooLong = body.length > (isBase64Encoded === true ? LARGEST_ENCODED_BODY : LARGEST_BODY);
  const bytes = isTooLong ? undefined : Buffer.from(body, isBase64Encoded === true ? 'base64' : 'utf8');
  if (bytes === undefined || bytes.length > LARGEST_BODY) {
    throw new CertificateRequestRefusal(413, `the body must have at most ${LARGEST_BODY} bytes`);
  }
  return bytes;
}

function parseObject(json: Buffer): Fields {
  let value: unknown;
  try {
    value = JSON.parse(json.toString('utf8'));
  } catch (cause) {
    throw new CertificateRequestRefusal(400, 'the body must be JSON', { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CertificateRequestRefusal(400, 'the body must be a JSON object');
  }
  return { ...value };
}

/** A value that isn't an object has no fields. */
function toFields(value: unknown): Fields {
  return Object(value) as Fields;
}
