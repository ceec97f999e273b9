import { AwsClient } from 'aws4fetch';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import type { Sandbox } from '../../sandbox';

export type Access = ReturnType<typeof sandboxAccess>;

/** The name of the function of the mesh whose construct path ends like that, such as `/Issuer/Rotation`. */
export function functionName(sandbox: Sandbox, path: string): string {
  const found = Object.values(sandbox.resources).find(({ constructPath }) =>
    constructPath?.endsWith(`${path}/Function/Resource`),
  );
  if (found === undefined) throw new Error(`there is no function ${path}`);
  return found.physicalId;
}

/** The credentials of a role, to call AWS with. */
export function accessOf(sandbox: Sandbox, role: string): Access {
  const environment = sandbox.environment({ role: `arn:aws:iam::123456789012:role/${role}` });
  const { AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '', AWS_REGION } = environment;
  return {
    endpoint: String(AWS_ENDPOINT_URL),
    region: String(AWS_REGION),
    credentials: { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY },
  };
}

/** Invokes a function, by default as somebody who may invoke all. @throws Error with the name of what went wrong */
export async function invoke(
  sandbox: Sandbox,
  path: string,
  event: unknown,
  access: Access = sandboxAccess(sandbox),
): Promise<unknown> {
  const { endpoint, region, credentials } = access;
  const client = new AwsClient({ ...credentials, service: 'lambda', region: String(region), retries: 0 });
  const url = `${endpoint}/2015-03-31/functions/${functionName(sandbox, path)}/invocations`;
  const response = await client.fetch(url, { method: 'POST', body: JSON.stringify(event) });
  const document = JSON.parse(await response.text());
  const isFailure = response.headers.has('x-amz-function-error');
  const failure = isFailure ? document.errorType : response.headers.get('x-amzn-errortype');
  if (failure) throw new Error(failure);
  return document;
}

/** Asks the authorizer past the gateway. Returns its answer, and the code in its log if it denies. */
export async function askAuthorizer(sandbox: Sandbox, event: object): Promise<unknown> {
  const denials = () =>
    Object.values(sandbox.logs())
      .flat()
      .flatMap((line) => /"event":"denied","code":"(\w+)"/.exec(line)?.[1] ?? []);
  const before = denials().length;
  const answer = (await invoke(sandbox, '/Gateway/Authorizer', event)) as { readonly isAuthorized: boolean };
  return answer.isAuthorized === false ? denials().slice(before).join() : answer;
}

/** The event of the authorizer for a certificate. */
export function authorizerEvent(sandbox: Sandbox, clientCertPem: string, path = '/schedule'): object {
  const api = Object.values(sandbox.resources).find(({ type }) => type === 'AWS::ApiGatewayV2::Api');
  return {
    version: '2.0',
    type: 'REQUEST',
    routeKey: `ANY ${path}`,
    rawPath: path,
    headers: {},
    pathParameters: {},
    requestContext: {
      apiId: api?.physicalId,
      http: { method: 'GET', path },
      authentication: { clientCert: { clientCertPem } },
    },
  };
}

/** Posts a document to the URL for certificates, as a role. */
export async function requestCertificate(
  sandbox: Sandbox,
  body: unknown,
  role = 'own',
): Promise<{ readonly status: number; readonly document: Record<string, string> }> {
  const { credentials, region } = accessOf(sandbox, role);
  const client = new AwsClient({ ...credentials, service: 'lambda', region: String(region), retries: 0 });
  const response = await client.fetch(requestUrl(sandbox), { method: 'POST', body: JSON.stringify(body) });
  return { status: response.status, document: (await response.json()) as Record<string, string> };
}

export function requestUrl(sandbox: Sandbox): string {
  const found = Object.values(sandbox.resources).find(({ type }) => type === 'AWS::Lambda::Url');
  return String(found?.attributes.FunctionUrl);
}
