import type { LogEntry } from '../../../../aws/cloudwatch';
import {
  answerCertificateRequest,
  CertificateRequestRefusal,
} from '../../../../lambda/certificate-issuer/request/http';
import type { CertificateDocument } from '../../../../mesh/certificate-document';
import { urlEvent } from './request-events';

const EVENT = urlEvent(JSON.stringify({ clientName: 'mail', certificateSigningRequest: 'x' }));
const DOCUMENT: CertificateDocument = {
  certificate: 'C',
  certificateChain: 'CC',
  serialNumber: '5A',
  notBefore: 'B',
  notAfter: 'A',
  fingerprint: 'F',
};

async function answerTo(event: object, run: () => Promise<CertificateDocument>) {
  const logs: LogEntry[] = [];
  const answer = await answerCertificateRequest(event, run, (entry) => logs.push(entry));
  return { answer, body: JSON.parse(answer.body ?? ''), logs };
}

test('answers with the certificate, as JSON that nobody is to keep', async () => {
  const { answer, body } = await answerTo(EVENT, async () => DOCUMENT);
  expect(answer).toMatchObject({ statusCode: 200 });
  expect(answer.headers).toEqual({ 'content-type': 'application/json', 'cache-control': 'no-store' });
  expect(body).toEqual(DOCUMENT);
});

test('answers a refusal with its sentence alone, and logs what is behind it', async () => {
  const refuse = () =>
    Promise.reject(new CertificateRequestRefusal(403, 'no', { cause: new Error('mail is disabled') }));
  const { answer, body, logs } = await answerTo(EVENT, refuse);
  expect([answer.statusCode, body]).toEqual([403, { message: 'no' }]);
  expect(logs).toEqual([{ event: 'certificate-request-refused', status: 403, reason: 'no: mail is disabled' }]);
});

test('answers a key of another algorithm with the one that it takes', async () => {
  const refuse = () => Promise.reject(new CertificateRequestRefusal(400, 'no', { keyAlgorithm: 'RSA_2048' }));
  const { body } = await answerTo(EVENT, refuse);
  expect(body).toEqual({ message: 'no', keyAlgorithm: 'RSA_2048' });
});

test('says which method it takes', async () => {
  const requestContext = { ...EVENT.requestContext, http: { method: 'GET' } };
  const { answer } = await answerTo({ ...EVENT, requestContext }, async () => DOCUMENT);
  expect(answer).toMatchObject({ statusCode: 405, headers: { allow: 'POST' } });
});

test.each([
  ['an error', new Error('AccessDenied for arn:aws:acm-pca:…')],
  ['what is no error', 'AccessDenied'],
  ['nothing', undefined],
])('of a failure with %s the caller learns nothing but that there was one', async (_name, thrown) => {
  const { answer, body, logs } = await answerTo(EVENT, () => Promise.reject(thrown));
  expect(answer.statusCode).toBe(500);
  expect(body).toEqual({ message: 'the certificate could not be issued: see the log of the issuer' });
  expect(logs).toEqual([expect.objectContaining({ event: 'certificate-request-failed' })]);
});
