import { awsMesh } from '../../../bin/shared/aws-mesh';
import { ServiceEndpoint } from '../../aws/service-endpoint';

const ORDER = { clientName: 'mail', reason: 'KEY_COMPROMISE', by: 'operator' } as const;
const REVOKED = {
  serialNumber: '0A',
  fingerprint: 'FI:NG:0A',
  already: false,
  expired: false,
  revokedAt: '2026-11-22T12:00:00.000Z',
  reason: 'KEY_COMPROMISE',
  failures: ['slow'],
};

let endpoint: ServiceEndpoint;
beforeEach(async () => {
  endpoint = await ServiceEndpoint.open();
});
afterEach(() => endpoint.close());

const revoke = (body: string, headers = {}) => {
  endpoint.replies.push({ body, headers });
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };
  return awsMesh('mesh.example.com', { endpoint: endpoint.url, region: 'eu-central-1', credentials }).revoke(ORDER);
};

test('reads what the function has revoked', async () => {
  const answer = { certificates: [{ ...REVOKED, later: 1 }], later: 2 };

  await expect(revoke(JSON.stringify(answer))).resolves.toEqual({ certificates: [REVOKED] });
});

test.each<[string, unknown]>([
  ['certificates', {}],
  ['certificates', { certificates: null }],
  ['certificates', { certificates: { length: 0 } }],
  ['certificates[0].serialNumber', { certificates: [null] }],
  ['certificates[0].serialNumber', { certificates: ['0A'] }],
  ['certificates[1].serialNumber', { certificates: [REVOKED, { ...REVOKED, serialNumber: 10 }] }],
  ['certificates[0].fingerprint', { certificates: [{ ...REVOKED, fingerprint: undefined }] }],
  ['certificates[0].already', { certificates: [{ ...REVOKED, already: 'false' }] }],
  ['certificates[0].expired', { certificates: [{ ...REVOKED, expired: 0 }] }],
  ['certificates[0].revokedAt', { certificates: [{ ...REVOKED, revokedAt: 0 }] }],
  ['certificates[0].reason', { certificates: [{ ...REVOKED, reason: 'BOREDOM' }] }],
  ['certificates[0].failures', { certificates: [{ ...REVOKED, failures: 'slow' }] }],
  ['certificates[0].failures', { certificates: [{ ...REVOKED, failures: [{}] }] }],
])('does not take an answer for a success without a valid %s', async (field, answer) => {
  await expect(revoke(JSON.stringify(answer))).rejects.toMatchObject({
    name: 'OperatorError',
    message: expect.stringContaining(`the mesh answered without a valid ${field}: use the version of mtls-mesh`),
  });
});

test.each([
  [
    'UnknownCertificateError',
    'the mesh has issued no certificates to a client mail',
    'the mesh has issued no certificates to a client mail',
  ],
  [
    'DeadlineError',
    'not finished',
    "the mesh can't revoke certificates: lambda:InvokeFunction failed with DeadlineError: not finished; " +
      'disable the client to refuse it meanwhile: `mtls-mesh disable mail`',
  ],
])('says why the function failed, and what to do about it: %s', async (errorType, errorMessage, message) => {
  const failed = revoke(JSON.stringify({ errorType, errorMessage }), { 'x-amz-function-error': 'Unhandled' });

  await expect(failed).rejects.toMatchObject({ name: 'OperatorError', message });
});
