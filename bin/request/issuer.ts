import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { AwsClient } from 'aws4fetch';
import type { CertificateDocument, CertificateRequestBody } from '../../mesh/contract';

/** The issuer gave no certificate; the message says why, and what to do. */
class IssuerError extends Error {
  override readonly name = 'IssuerError';
}

/** For all attempts. A certificate takes seconds. */
const PATIENCE_MS = 60_000;
/** Attempts after one that was throttled or failed. The same request within minutes gets the same certificate. */
const RETRIES = 3;
/** Before the first of them; each pause is twice the one before. */
const FIRST_PAUSE_MS = 500;
/** AWS takes a signature for five minutes: https://docs.aws.amazon.com/IAM/latest/UserGuide/signing-elements.html */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

/** @throws IssuerError */
export async function askIssuer(url: URL, body: CertificateRequestBody): Promise<CertificateDocument> {
  // The client is bundled: that a later release of it needs a later Node.js is nothing that anybody here can act on.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const sts = new STSClient({ requestHandler: { connectionTimeout: 2_000, requestTimeout: 5_000 }, maxAttempts: 1 });
  const signer = new AwsClient({
    ...(await credentialsOf(sts)),
    region: regionOf(url) ?? (await regionOfSdk(sts)),
    service: 'lambda',
    retries: RETRIES,
    initRetryMs: FIRST_PAUSE_MS,
  });
  const answer = await send(signer, url, JSON.stringify(body));
  const fields = fieldsOf(await answer.text());
  if (answer.status === 200) return documentOf(fields);
  throw new IssuerError(
    [`the issuer answered ${answer.status}: ${messageOf(fields)}`, ...(await hints(answer, sts))].join('; '),
  );
}

async function credentialsOf(sts: STSClient) {
  try {
    const { accessKeyId, secretAccessKey, sessionToken } = await sts.config.credentials();
    return { accessKeyId, secretAccessKey, sessionToken };
  } catch (cause) {
    throw new IssuerError(`there are no AWS credentials to sign the request with: ${textOf(cause)}`, { cause });
  }
}

/** The Region in whose name the request is signed. https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html */
function regionOf({ hostname }: URL): string | undefined {
  return /^[a-z0-9]+\.lambda-url\.([a-z0-9-]+)\.on\./.exec(hostname)?.[1];
}

async function regionOfSdk(sts: STSClient): Promise<string> {
  try {
    return await sts.config.region();
  } catch (cause) {
    throw new IssuerError('the URL does not tell its Region: set AWS_REGION', { cause });
  }
}

async function send(signer: AwsClient, url: URL, body: string): Promise<Response> {
  try {
    return await signer.fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch (cause) {
    const isLate = cause instanceof Error && cause.name === 'TimeoutError';
    const reason = isLate ? `no answer within ${PATIENCE_MS / 1000} s` : textOf(cause);
    throw new IssuerError(`the issuer at ${url.host} can't be reached: ${reason}`, { cause });
  }
}

/** `fetch` hides what went wrong in its error's cause; failed connections to several addresses have no message. */
function textOf(error: unknown): string {
  const { cause, message } = Object(error) as { readonly cause?: unknown; readonly message?: unknown };
  const { code, message: reason } = Object(cause) as { readonly code?: unknown; readonly message?: unknown };
  return String(reason || code || message || error);
}

/** What a person can look into when a request is refused. */
async function hints({ status, headers }: Response, sts: STSClient): Promise<readonly string[]> {
  if (status !== 403) return [];
  const { Arn } = await sts.send(new GetCallerIdentityCommand({})).catch(() => ({ Arn: undefined }));
  const ahead = Date.now() - Date.parse(headers.get('date') ?? '');
  return [
    `${Arn ?? 'whoever the credentials belong to'} must have been granted the client by client.grantRequest()`,
    ...(Math.abs(ahead) > CLOCK_TOLERANCE_MS
      ? [`the clock here is ${Math.round(Math.abs(ahead) / 60_000)} minutes ${ahead > 0 ? 'ahead' : 'behind'}`]
      : []),
  ];
}

type Fields = Readonly<Record<string, unknown>>;

/** Empty for what is no JSON object, such as a proxy's error page. */
function fieldsOf(text: string): Fields {
  try {
    return { ...JSON.parse(text) };
  } catch {
    return {};
  }
}

function documentOf(fields: Fields): CertificateDocument {
  const text = (name: keyof CertificateDocument): string => {
    const value = fields[name];
    if (typeof value === 'string') return value;
    throw new IssuerError(`the answer has no text "${name}": is the URL that of an issuer?`);
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

/** The issuer's sentence, or Lambda's own; a terminal must not obey what is in it. */
function messageOf({ message, Message }: Fields): string {
  const text = message ?? Message;
  return typeof text === 'string' ? text.slice(0, 1_000).replace(/\p{C}+/gu, ' ') : 'no reason given';
}
