import { AwsClient } from 'aws4fetch';
import type { Properties, Resource } from '../../../../../sandbox/cloudformation/resource-type';
import type { Credentials } from '../../../../../sandbox/services/iam';
import { requestFor, resourceType } from '../../resource-request';
import { type FunctionCloud, type ServedFunctions, serveFunctions } from '../function-cloud';

const ECHO = 'return { statusCode: 200, body: JSON.stringify(event) };';

let functions: ServedFunctions;
let cloud: FunctionCloud;

beforeAll(async () => {
  functions = await serveFunctions();
  ({ cloud } = functions);
});

afterAll(() => functions.close());

interface Made {
  readonly url: string;
  readonly functionArn: string;
  readonly resource: Resource;
}

async function createUrl(body = ECHO, properties: Properties = {}, ZipFile?: string): Promise<Made> {
  const created = await cloud.createFunction(body, ZipFile === undefined ? {} : { Code: { ZipFile } });
  const functionArn = String(created.attributes.Arn);
  const resource = await resourceType(cloud.lambda, 'AWS::Lambda::Url').create(
    requestFor({ AuthType: 'AWS_IAM', TargetFunctionArn: functionArn, ...properties }),
  );
  return { url: String(resource.attributes.FunctionUrl), functionArn, resource };
}

function sender(credentials: Credentials = cloud.iam.issueCredentials(cloud.iam.operator)) {
  const client = new AwsClient({ ...credentials, service: 'lambda', region: 'us-east-1', retries: 0 });
  return (url: string, init: RequestInit = {}) => client.fetch(url, { method: 'POST', ...init });
}

/** Statements for a caller's role. */
function allow(functionArn: string, ...statements: readonly (readonly [action: string, condition?: object])[]) {
  const Statement = statements.map(([Action, Condition]) => ({
    Effect: 'Allow',
    Action,
    Resource: functionArn,
    ...(Condition && { Condition }),
  }));
  return { PolicyName: 'Calls', PolicyDocument: { Version: '2012-10-17', Statement } };
}

const BY_URL = ['lambda:InvokeFunctionUrl', { StringEquals: { 'lambda:FunctionUrlAuthType': 'AWS_IAM' } }] as const;
const VIA_URL = ['lambda:InvokeFunction', { Bool: { 'lambda:InvokedViaFunctionUrl': 'true' } }] as const;

test('a URL is one of the function, known by its ARN', async () => {
  const { url, functionArn, resource } = await createUrl();
  expect(resource).toEqual({ physicalId: functionArn, attributes: { FunctionArn: functionArn, FunctionUrl: url } });
  expect(url).toMatch(new RegExp(`^${functions.endpoint.url}/function-urls/[a-z0-9]{32}/$`));
  await expect(
    resourceType(cloud.lambda, 'AWS::Lambda::Url').create(
      requestFor({ AuthType: 'AWS_IAM', TargetFunctionArn: functionArn }),
    ),
  ).rejects.toThrow('has a URL already');
});

test.each([
  ['AuthType', { AuthType: 'JWT' }],
  ['AuthType', { AuthType: undefined }],
  ['InvokeMode', { InvokeMode: 'WEBSOCKET' }],
])('a %s of another kind fails by name: %j', async (name, properties) => {
  await expect(createUrl(ECHO, properties)).rejects.toThrow(`'${name}'`);
});

test('a streaming function sets status, headers, and cookies before it writes, or writes bytes alone', async () => {
  const { url } = await createUrl(
    '',
    { InvokeMode: 'RESPONSE_STREAM' },
    `exports.handler = awslambda.streamifyResponse(async (event, stream) => {
    if (event.rawPath === '/bytes') return void stream.end(Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 255]));
    const metadata = { statusCode: 201, headers: { 'x-mesh': 'yes' }, cookies: ['a=1'] };
    const body = awslambda.HttpResponseStream.from(stream, metadata);
    body.write('half, ');
    body.end('whole');
  });`,
  );

  const answer = await sender()(url);
  expect(answer.status).toBe(201);
  expect(answer.headers.get('x-mesh')).toBe('yes');
  expect(answer.headers.get('set-cookie')).toBe('a=1');
  expect(await answer.text()).toBe('half, whole');

  const bytes = await sender()(`${url}bytes`);
  expect(bytes.headers.get('content-type')).toBe('application/octet-stream');
  expect([...new Uint8Array(await bytes.arrayBuffer())]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 255]);
});

test('a public URL asks for a signature, and says so', async () => {
  const properties = { AuthType: 'NONE', Cors: { AllowOrigins: ['*'] } };
  const { url } = await createUrl(ECHO, properties);
  expect((await fetch(url)).status).toBe(403);
  expect(resourceType(cloud.lambda, 'AWS::Lambda::Url').notices?.(properties)).toEqual([
    'asks for a signature',
    'ignores Cors',
  ]);
});

test('the function learns who calls from IAM, whatever the request says', async () => {
  const { url, functionArn } = await createUrl();
  const roleArn = await cloud.createRole({
    RoleName: 'MailApp',
    Path: '/apps/',
    Policies: [allow(functionArn, BY_URL, VIA_URL)],
  });
  const forged = JSON.stringify({ requestContext: { authorizer: { iam: { userArn: cloud.iam.operator } } } });
  const credentials = cloud.iam.issueCredentials(roleArn);

  const answer = await sender(credentials)(`${url}some/path?b=2&a=1&a=3`, {
    body: forged,
    headers: { 'content-type': 'application/json', 'x-user-arn': cloud.iam.operator, cookie: 'one=1; two=2' },
  });

  expect(answer.status).toBe(200);
  const callerId = expect.stringMatching(/^AROA[0-9A-F]{16}:sandbox$/);
  expect(await answer.json()).toMatchObject({
    version: '2.0',
    routeKey: '$default',
    rawPath: '/some/path',
    queryStringParameters: { a: '1,3', b: '2' },
    headers: { 'content-type': 'application/json', 'x-user-arn': cloud.iam.operator },
    requestContext: {
      accountId: '123456789012',
      authorizer: {
        iam: {
          accessKey: credentials.accessKeyId,
          accountId: '123456789012',
          callerId,
          cognitoIdentity: null,
          principalOrgId: null,
          userArn: 'arn:aws:sts::123456789012:assumed-role/MailApp/sandbox',
          userId: callerId,
        },
      },
      http: { method: 'POST', path: '/some/path', protocol: 'HTTP/1.1' },
    },
    body: forged,
    isBase64Encoded: false,
  });
});

test('a user is named by its own ARN, and a body that is no text is encoded', async () => {
  const { url } = await createUrl();
  const headers = { 'content-type': 'application/octet-stream' };
  const event = await (await sender()(url, { body: Buffer.of(0, 255), headers })).json();
  expect(event).toMatchObject({
    rawPath: '/',
    requestContext: { authorizer: { iam: { userArn: cloud.iam.operator, userId: expect.stringMatching(/^AIDA/) } } },
    body: 'AP8=',
    isBase64Encoded: true,
  });
});

test.each([
  ['no permission', []],
  ['a permission for the URL alone', [BY_URL]],
  ['a permission for the function alone', [VIA_URL]],
  [
    'a permission for public URLs',
    [['lambda:InvokeFunctionUrl', { StringEquals: { 'lambda:FunctionUrlAuthType': 'NONE' } }] as const, VIA_URL],
  ],
  [
    'a permission around the URL',
    [BY_URL, ['lambda:InvokeFunction', { Bool: { 'lambda:InvokedViaFunctionUrl': 'false' } }] as const],
  ],
])('%s is not enough', async (_name, statements) => {
  const { url, functionArn } = await createUrl();
  const role = await cloud.createRole({ Policies: [allow(functionArn, ...statements)] });

  const answer = await sender(cloud.iam.issueCredentials(role))(url);

  expect(answer.status).toBe(403);
  expect(await answer.json()).toEqual({
    Message: expect.stringContaining('is not authorized to perform: lambda:Invoke'),
  });
  expect(functions.calls.calls.at(-1)).toMatchObject({
    service: 'lambda',
    operation: 'InvokeFunctionUrl',
    principal: role,
  });
});

test('a request without a signature, or with that of somebody else, is refused', async () => {
  const { url } = await createUrl();
  const { accessKeyId } = cloud.iam.issueCredentials(cloud.iam.operator);
  for (const answer of [
    await fetch(url, { method: 'POST' }),
    await sender({ accessKeyId, secretAccessKey: 'x' })(url),
  ]) {
    expect(answer.status).toBe(403);
    expect(await answer.json()).toEqual({ Message: expect.stringContaining('sign') });
  }
});

test('a signature for another path does not hold', async () => {
  const [one, other] = [await createUrl(), await createUrl()];
  const client = new AwsClient({ ...cloud.iam.issueCredentials(cloud.iam.operator), service: 'lambda' });
  const { headers } = await client.sign(one.url, { method: 'POST' });
  expect((await fetch(other.url, { method: 'POST', headers })).status).toBe(403);
});

test('a URL that is gone, or never was, is refused', async () => {
  const { url, resource } = await createUrl();
  await resourceType(cloud.lambda, 'AWS::Lambda::Url').delete(requestFor({}), resource);
  for (const gone of [url, `${functions.endpoint.url}/function-urls/`]) {
    expect((await sender()(gone)).status).toBe(403);
  }
});

test.each([
  ['a status', 'return { statusCode: 418, headers: { "X-One": "1" }, body: "tea" };', 418, 'tea'],
  ['what is no answer, as JSON', 'return { hello: "world" };', 200, '{"hello":"world"}'],
  ['an encoded body', 'return { statusCode: 200, body: "aGk=", isBase64Encoded: true };', 200, 'hi'],
  [
    'an error, which the caller does not learn',
    'throw new Error("secret");',
    502,
    '{"Message":"Internal Server Error"}',
  ],
  ['a broken status', 'return { statusCode: 99 };', 502, '{"Message":"Internal Server Error"}'],
])('a function may answer with %s', async (_name, body, status, text) => {
  const { url } = await createUrl(body);
  const answer = await sender()(url);
  expect([answer.status, await answer.text()]).toEqual([status, text]);
});

test('a body of more than six megabytes is refused', async () => {
  const { url } = await createUrl();
  expect((await sender()(url, { body: Buffer.alloc(6 * 1024 * 1024 + 1) })).status).toBe(413);
});
