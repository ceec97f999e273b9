import fc from 'fast-check';
import { CertificateRequestRefusal, readCertificateRequest } from '../../../../lambda/certificate-issuer/request/http';
import { MAIL_SESSION, urlEvent } from './request-events';

const BODY = { clientName: 'mail', certificateSigningRequest: '-----BEGIN CERTIFICATE REQUEST-----' };
const READ = { ...BODY, callerArn: MAIL_SESSION };

const refusal = (event: object): unknown => {
  try {
    return readCertificateRequest(event);
  } catch (error) {
    if (!(error instanceof CertificateRequestRefusal)) throw error;
    return [error.status, error.message];
  }
};

test('reads who calls from what Lambda says, and the rest from the body', () => {
  expect(readCertificateRequest(urlEvent(JSON.stringify(BODY)))).toEqual(READ);
});

test('reads a body that Lambda encoded, as it does unless the content type is of text', () => {
  const body = Buffer.from(JSON.stringify(BODY)).toString('base64');
  expect(readCertificateRequest(urlEvent(body, MAIL_SESSION, { isBase64Encoded: true }))).toEqual(READ);
});

test('takes nothing from the body but the two texts', () => {
  const forged = {
    ...BODY,
    callerArn: 'arn:aws:sts::111122223333:assumed-role/Admin/x',
    requestContext: { authorizer: { iam: { userArn: 'arn:aws:sts::111122223333:assumed-role/Admin/x' } } },
    userArn: 'arn:aws:sts::111122223333:assumed-role/Admin/x',
    spiffeId: 'spiffe://mesh.example.com/admin',
    RequestType: 'Delete',
  };
  expect(readCertificateRequest(urlEvent(JSON.stringify(forged)))).toEqual(READ);
});

test('takes no caller from headers or query', () => {
  const headers = { 'x-amzn-iam-user-arn': MAIL_SESSION, authorization: MAIL_SESSION };
  const event = urlEvent(JSON.stringify(BODY), undefined, {
    headers,
    queryStringParameters: { userArn: MAIL_SESSION },
  });
  const { authorizer: _, ...requestContext } = event.requestContext;
  expect(readCertificateRequest({ ...event, requestContext })).toMatchObject({ callerArn: undefined });
});

test.each([[undefined], [null], [1], [['arn']], [{}]])('a caller %j is nobody', (userArn) => {
  const event = urlEvent(JSON.stringify(BODY));
  const requestContext = { ...event.requestContext, authorizer: { iam: { userArn } } };
  expect(readCertificateRequest({ ...event, requestContext })).toMatchObject({ callerArn: undefined });
});

test.each(['GET', 'PUT', 'DELETE', 'post', ''])('refuses the method %j', (method) => {
  const event = urlEvent(JSON.stringify(BODY));
  const requestContext = { ...event.requestContext, http: { method } };
  expect(refusal({ ...event, requestContext })).toEqual([405, 'the method must be POST']);
});

test.each([
  ['nothing', undefined, 'the body must be JSON'],
  ['no JSON', 'clientName=mail', 'the body must be JSON'],
  ['null', 'null', 'the body must be a JSON object'],
  ['a list', '[]', 'the body must be a JSON object'],
  ['a text', '"mail"', 'the body must be a JSON object'],
  ['no client', JSON.stringify({ ...BODY, clientName: undefined }), 'the body must have a string "clientName"'],
  ['a list of clients', JSON.stringify({ ...BODY, clientName: ['mail'] }), 'the body must have a string "clientName"'],
  ['inherited fields', '{"__proto__": {"clientName": "mail"}}', 'the body must have a string "clientName"'],
  ['no request', JSON.stringify({ clientName: 'mail' }), 'the body must have a string "certificateSigningRequest"'],
  [
    'a path',
    JSON.stringify({ ...BODY, clientName: '../mail' }),
    expect.stringMatching(/^clientName must be a DNS label/),
  ],
  ['a key', JSON.stringify({ ...BODY, clientName: 'mail#CLIENT' }), expect.stringMatching(/^clientName must be/)],
  [
    'a long name',
    JSON.stringify({ ...BODY, clientName: 'a'.repeat(64) }),
    'clientName must have at most 63 characters',
  ],
])('refuses a body with %s', (_name, body, message) => {
  expect(refusal(urlEvent(body))).toEqual([400, message]);
});

test.each([
  ['plain', JSON.stringify({ ...BODY, certificateSigningRequest: 'x'.repeat(20_000) }), false],
  ['plain, in few characters', JSON.stringify({ ...BODY, certificateSigningRequest: '€'.repeat(6_000) }), false],
  ['encoded', Buffer.alloc(16_385).toString('base64'), true],
  ['deeply nested', '['.repeat(5_000_000), false],
])('refuses a body that is too large before it parses it: %s', (_name, body, isBase64Encoded) => {
  const event = urlEvent(body, MAIL_SESSION, { isBase64Encoded });
  const parse = jest.spyOn(JSON, 'parse');
  const decode = jest.spyOn(Buffer, 'from');

  const refused = refusal(event);

  const parsed = parse.mock.calls.length;
  const decoded = decode.mock.calls.map(([text]) => String(text).length);
  jest.restoreAllMocks();
  expect(refused).toEqual([413, 'the body must have at most 16384 bytes']);
  expect(parsed).toBe(0);
  // Base64 of 16,384 bytes has 21,848 characters.
  for (const characters of decoded) expect(characters).toBeLessThanOrEqual(21_848);
});

test.each<[string, (bytes: number) => string, boolean]>([
  ['plain', (bytes) => 'x'.repeat(bytes), false],
  ['plain, in few characters', (bytes) => '€'.repeat(bytes / 3) + 'x'.repeat(bytes % 3), false],
  ['encoded', (bytes) => Buffer.alloc(bytes).toString('base64'), true],
])('refuses a body for its size from 16,385 bytes: %s', (_name, bodyOf, isBase64Encoded) => {
  const statusOf = (bytes: number) => refusal(urlEvent(bodyOf(bytes), MAIL_SESSION, { isBase64Encoded }));
  expect(statusOf(16_384)).toEqual([400, 'the body must be JSON']);
  expect(statusOf(16_385)).toEqual([413, 'the body must have at most 16384 bytes']);
});

test.each([[7], [{}], [['{}']], [null]])('refuses %j in place of a body', (body) => {
  expect(refusal({ ...urlEvent('{}'), body })).toEqual([400, 'the body must be text']);
});

test('whatever the event is, it is read or refused', () => {
  fc.assert(
    fc.property(
      fc.object({ key: fc.constantFrom('requestContext', 'http', 'method', 'authorizer', 'body') }),
      (event) => {
        expect(Array.isArray(refusal(event))).toBe(true);
      },
    ),
  );
  fc.assert(
    fc.property(fc.string(), fc.boolean(), (body, isBase64Encoded) => {
      expect(Array.isArray(refusal(urlEvent(body, MAIL_SESSION, { isBase64Encoded })))).toBe(true);
    }),
  );
});
