import type { CertificateRequestBody } from '../../../mesh/contract';
import { brokenClientNameRule } from '../../../mesh/names';
import { RequestRefusal } from './request-refusal';

/**
 * A client's request for a certificate, as it comes through the function's URL.
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
 */
export interface RequestEvent extends CertificateRequestBody {
  /**
   * ARN of who signed the request, as Lambda authenticated them; undefined when it authenticated nobody. Only Lambda writes
   * what surrounds the body, as nobody may invoke the function but services and callers of its URL.
   */
  readonly callerArn: string | undefined;
}

/** Bytes. A request for an RSA key of 4096 bits has less than two thousand, and a name at most a few hundred. */
const MAX_BODY = 16_384;
/** What base64 makes of it. */
const MAX_ENCODED_BODY = Math.ceil(MAX_BODY / 3) * 4;

type Fields = Readonly<Record<string, unknown>>;

/** @throws RequestRefusal */
export function readRequestEvent(event: object): RequestEvent {
  const context = fieldsOf(fieldsOf(event)['requestContext']);
  if (fieldsOf(context['http'])['method'] !== 'POST') throw new RequestRefusal(405, 'the method must be POST');
  const { userArn } = fieldsOf(fieldsOf(context['authorizer'])['iam']);
  const fields = parseObject(bodyOf(fieldsOf(event)));
  const text = (name: keyof CertificateRequestBody): string => {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (typeof value === 'string') return value;
    throw new RequestRefusal(400, `the body must have a text "${name}"`);
  };
  const clientName = text('clientName');
  const rule = brokenClientNameRule(clientName);
  if (rule !== undefined) throw new RequestRefusal(400, `clientName ${rule}`);
  return {
    callerArn: typeof userArn === 'string' ? userArn : undefined,
    clientName,
    certificateSigningRequest: text('certificateSigningRequest'),
  };
}

/** Whether a body is base64 depends on its content type. */
function bodyOf({ body = '', isBase64Encoded }: Fields): Buffer {
  if (typeof body !== 'string') throw new RequestRefusal(400, 'the body must be text');
  const isTooLong = body.length > (isBase64Encoded === true ? MAX_ENCODED_BODY : MAX_BODY);
  const bytes = isTooLong ? undefined : Buffer.from(body, isBase64Encoded === true ? 'base64' : 'utf8');
  if (bytes === undefined || bytes.length > MAX_BODY) {
    throw new RequestRefusal(413, `the body must have at most ${MAX_BODY} bytes`);
  }
  return bytes;
}

function parseObject(json: Buffer): Fields {
  let value: unknown;
  try {
    value = JSON.parse(json.toString('utf8'));
  } catch (cause) {
    throw new RequestRefusal(400, 'the body must be JSON', { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RequestRefusal(400, 'the body must be a JSON object');
  }
  return { ...value };
}

/** Empty for what is no object. */
function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
