import { generateKeyPairSync } from 'node:crypto';
import { functionConnection } from '../../aws/connection';
import { Kms } from '../../aws/kms';
import { jsonError, jsonReply, ServiceEndpoint, setEnvironment } from './service-endpoint';

const signal = new AbortController().signal;
const KEY = 'arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555';

describe('a key in KMS', () => {
  let endpoint: ServiceEndpoint;
  let restoreEnvironment: () => void;
  let kms: Kms;

  beforeEach(async () => {
    endpoint = await ServiceEndpoint.open();
    restoreEnvironment = setEnvironment({ AWS_ENDPOINT_URL_KMS: endpoint.url });
    kms = new Kms(functionConnection(process.env));
  });
  afterEach(async () => {
    restoreEnvironment();
    await endpoint.close();
  });

  test('signs a digest, which KMS does not hash again', async () => {
    endpoint.replies.push(jsonReply({ Signature: Buffer.from('signature').toString('base64') }));

    const signature = await kms.sign(KEY, 'SHA384WITHECDSA', Buffer.from('digest'), signal);

    expect(signature.toString()).toBe('signature');
    expect(endpoint.calls[0]?.headers).toMatchObject({
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'TrentService.Sign',
    });
    expect(JSON.parse(endpoint.calls[0]?.body ?? '')).toEqual({
      KeyId: KEY,
      Message: Buffer.from('digest').toString('base64'),
      MessageType: 'DIGEST',
      SigningAlgorithm: 'ECDSA_SHA_384',
    });
  });

  test('tells its public half', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const der = publicKey.export({ format: 'der', type: 'spki' });
    endpoint.replies.push(jsonReply({ PublicKey: der.toString('base64') }));
    expect((await kms.publicKey(KEY, signal)).equals(publicKey)).toBe(true);
    expect(JSON.parse(endpoint.calls[0]?.body ?? '')).toEqual({ KeyId: KEY });
  });

  test('waits its turn when the account signs too often', async () => {
    const throttled = jsonError('ThrottlingException', 'You have exceeded the rate');
    endpoint.replies.push(throttled, throttled, throttled, jsonReply({ Signature: 'AAAA' }));
    await expect(kms.sign(KEY, 'SHA256WITHRSA', Buffer.of(1), signal)).resolves.toHaveLength(3);
    expect(endpoint.calls).toHaveLength(4);
  });

  test.each(['AccessDeniedException', 'DisabledException', 'KMSInvalidStateException', 'NotFoundException'])(
    'that answers %s is not asked again',
    async (code) => {
      endpoint.replies.push(jsonError(code, 'no'));
      await expect(kms.sign(KEY, 'SHA256WITHRSA', Buffer.of(1), signal)).rejects.toThrow(
        `kms:Sign failed with ${code}`,
      );
      expect(endpoint.calls).toHaveLength(1);
    },
  );

  test.each([{}, { Signature: '' }, { Signature: 1 }])('that answers %j has signed nothing', async (answer) => {
    endpoint.replies.push(jsonReply(answer));
    await expect(kms.sign(KEY, 'SHA256WITHRSA', Buffer.of(1), signal)).rejects.toThrow('no signature');
  });
});
