import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { SecretReader } from './secret-reader';

const PORT_VARIABLE = 'PARAMETERS_SECRETS_EXTENSION_HTTP_PORT';
const DEFAULT_PORT = '2773';
/** Milliseconds. The extension's first reading of a secret includes its call of Secrets Manager. */
const TIMEOUT = 2_000;
/** Bytes. A secret has 65,536 at most, which JSON can make six times as long. */
const LARGEST_ANSWER = 512 * 1024;

/**
 * Whether this process runs in a Lambda function that has the AWS Parameters and Secrets Lambda Extension. Only the variable
 * of its port tells, which the `paramsAndSecrets` of a function of the CDK sets: to try the port would hand the session token
 * to whatever listens there.
 */
export function hasLambdaExtension(environment = process.env): boolean {
  return [PORT_VARIABLE, 'AWS_LAMBDA_FUNCTION_NAME', 'AWS_SESSION_TOKEN'].every((name) => environment[name]);
}

/**
 * Reads secrets through the extension, which keeps them for up to 300 seconds. During the init phase of a function it answers
 * with an error.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/retrieving-secrets_lambda.html
 */
export const lambdaExtension: SecretReader = {
  async getSecretValue({ SecretId }) {
    const token = process.env['AWS_SESSION_TOKEN'];
    if (!token) throw new Error('the Lambda extension needs AWS_SESSION_TOKEN');
    const answer = await ask(SecretId, portIn(process.env), token);
    const { SecretString } = Object(parseJson(answer)) as Partial<Record<string, unknown>>;
    if (typeof SecretString !== 'string') throw new Error('the answer of the Lambda extension has no secret');
    return { SecretString };
  },
};

function portIn(environment: NodeJS.ProcessEnv): number {
  const text = environment[PORT_VARIABLE] || DEFAULT_PORT;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new Error(`${PORT_VARIABLE} must be a port, got ${JSON.stringify(text)}`);
}

async function ask(secretId: string, port: number, token: string): Promise<string> {
  const signal = AbortSignal.timeout(TIMEOUT);
  const request = get({
    host: 'localhost',
    port,
    path: `/secretsmanager/get?${new URLSearchParams({ secretId })}`,
    headers: { 'X-Aws-Parameters-Secrets-Token': token },
    agent: false,
    signal,
  });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  if (response.statusCode !== 200) {
    response.destroy();
    throw new Error(`the Lambda extension answered with status ${response.statusCode}`);
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_ANSWER) throw new Error('the answer of the Lambda extension is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's error quotes the text, which may contain a private key, so it must not be the cause.
    return undefined;
  }
}
