import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { requestCertificate } from '../../../bin/request/issuer';
import { recorder, type Send } from '../../aws/service-endpoint';

const BODY = { clientName: 'mail', certificateSigningRequest: 'csr' };
const DOCUMENT = {
  certificate: 'C',
  certificateChain: 'CC',
  serialNumber: '5A',
  notBefore: 'B',
  notAfter: 'A',
  fingerprint: 'F',
};

const CALLER = 'arn:aws:sts::111122223333:assumed-role/MailApp/session';
const CALLER_IDENTITY = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <GetCallerIdentityResult><Arn>${CALLER}</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`;

interface Asked {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let server: Server;
let url: URL;
let asked: Asked[];
let answers: ((response: ServerResponse) => void)[];
const environment = { ...process.env };

beforeEach(async () => {
  asked = [];
  answers = [];
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    if (body.startsWith('Action=GetCallerIdentity')) {
      response.end(CALLER_IDENTITY);
      return;
    }
    asked.push({ headers: request.headers, body });
    (answers.shift() ?? ((last) => last.end('{}')))(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  process.env = {
    PATH: environment['PATH'],
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'token',
    AWS_REGION: 'eu-central-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_ENDPOINT_URL_STS: url.href,
  };
});

afterEach(() => {
  process.env = environment;
  server.closeAllConnections();
  server.close();
});

const answer =
  (status: number, body: string, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    void response.writeHead(status, headers).end(body);

test('sends client and request, signed for Lambda in the Region of the SDK when the URL tells none', async () => {
  answers.push(answer(200, JSON.stringify({ ...DOCUMENT, more: 'left behind' })));
  expect(await requestCertificate(url, BODY)).toEqual(DOCUMENT);
  expect(asked).toEqual([{ headers: expect.anything(), body: JSON.stringify(BODY) }]);
  expect(asked[0]?.headers).toMatchObject({
    'content-type': 'application/json',
    'x-amz-security-token': 'token',
    authorization: expect.stringMatching(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/lambda\/aws4_request, SignedHeaders=content-length;content-type;host;/,
    ),
  });
});

test('signs for the Region of the URL, wherever the SDK would be', async () => {
  const sent: string[] = [];
  const send: Send = async (url, { headers, ...request }) => {
    sent.push(headers['authorization'] ?? '');
    return recorder([], { body: JSON.stringify(DOCUMENT) })(url, { ...request, headers });
  };
  await requestCertificate(new URL('https://abc123.lambda-url.us-west-2.on.aws/'), BODY, send);
  expect(sent).toEqual([expect.stringContaining('/us-west-2/lambda/aws4_request')]);
});

test('repeats the same request when it is throttled or fails, so that there is one certificate for it', async () => {
  answers.push(answer(429, '{"Message":"Rate exceeded"}'), answer(500, '{}'), answer(200, JSON.stringify(DOCUMENT)));
  expect(await requestCertificate(url, BODY)).toEqual(DOCUMENT);
  expect(new Set(asked.map(({ body }) => body))).toEqual(new Set([JSON.stringify(BODY)]));
  expect(asked).toHaveLength(3);
});

test.each([
  [
    'the issuer’s sentence',
    answer(400, '{"message":"the key must be RSA_2048, got EC_prime256v1"}'),
    'the issuer answered 400: the key must be RSA_2048, got EC_prime256v1',
  ],
  [
    'Lambda’s, and who must be granted what',
    answer(403, '{"Message":"Forbidden"}'),
    `the issuer answered 403: Forbidden; grant the client to ${CALLER} with client.grantRequest()`,
  ],
  ['that there is none', answer(404, '<html>'), 'the issuer answered 404: no reason given'],
  [
    'it without what a terminal obeys',
    answer(400, '{"message":"a\\u001b[2Jb\\r\\nc"}'),
    'the issuer answered 400: a [2Jb c',
  ],
  [
    'which field the answer lacks',
    answer(200, '{"certificate":1}'),
    'the answer has no text "certificate": check that the URL is the URL of the issuer',
  ],
  ['that an answer is none', answer(200, 'hello'), 'the answer has no text "certificate"'],
  ['that an answer is null', answer(200, 'null'), 'the answer has no text "certificate"'],
  [
    'that it was sent elsewhere, where it does not go',
    answer(307, '', { location: 'https://example.com/' }),
    'the issuer answered 307',
  ],
])('says of a refusal %s', async (_name, refuse, message) => {
  answers.push(refuse);
  await expect(requestCertificate(url, BODY)).rejects.toThrow(message);
  expect(asked).toHaveLength(1);
});

test.each([
  ['RSA_2048', 'RSA_2048'],
  ['RSA_1024', undefined],
  [7, undefined],
  [undefined, undefined],
])('takes the algorithm %p of a refusal as %p', async (keyAlgorithm, expected) => {
  answers.push(answer(400, JSON.stringify({ message: 'the key must be another', keyAlgorithm })));
  await expect(requestCertificate(url, BODY)).rejects.toMatchObject({ name: 'IssuerError', keyAlgorithm: expected });
});

test.each([
  [-10, '10 minutes fast'],
  [10, '10 minutes slow'],
])('says of a refusal that the clock is wrong by as much', async (minutes, text) => {
  const date = new Date(Date.now() + minutes * 60_000).toUTCString();
  answers.push(answer(403, '{"message":"Signature expired"}', { date }));
  await expect(requestCertificate(url, BODY)).rejects.toThrow(`; the clock of this machine is ${text}`);
});

test('says where nobody answers', async () => {
  server.close();
  await expect(requestCertificate(url, BODY)).rejects.toThrow(
    `the issuer at ${url.host} can't be reached: ECONNREFUSED`,
  );
});

test('says that there are no credentials, before anything is sent', async () => {
  delete process.env['AWS_ACCESS_KEY_ID'];
  await expect(requestCertificate(url, BODY)).rejects.toThrow('found no AWS credentials: ');
  expect(asked).toEqual([]);
});

test('says that there is no Region, before anything is sent', async () => {
  delete process.env['AWS_REGION'];
  await expect(requestCertificate(url, BODY)).rejects.toThrow(
    'found no AWS Region: use --region, or set AWS_REGION (Region is missing)',
  );
  expect(asked).toEqual([]);
});
