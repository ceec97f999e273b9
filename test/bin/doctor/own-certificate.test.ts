import { checkOwnCertificate } from '../../../bin/doctor/own-certificate';
import { generatePrivateKey, privateKeyPem } from '../../../pki/keys';
import { createSecret } from '../../client/secrets';
import { createRoot, createServer, days } from '../../pki/authorities';

const NOW = new Date();

test('a certificate that can be used', async () => {
  expect(checkOwnCertificate(await createSecret(await createRoot('Root')), NOW)).toEqual({
    result: 'ok',
    message: expect.stringMatching(
      /^the client's certificate, CN=mail, is valid until .*, matches its key, and has a chain of 1$/,
    ),
  });
});

describe('says what is wrong', () => {
  const finding = async (
    change: (secret: Awaited<ReturnType<typeof createSecret>>) => object | Promise<object>,
    now = NOW,
  ) => {
    const secret = await createSecret(await createRoot('Root'));
    return checkOwnCertificate({ ...secret, ...(await change(secret)) }, now);
  };
  const wrong = (message: string, remedy: string) => ({
    result: 'wrong',
    fault: 'client-certificate',
    message: expect.stringContaining(message),
    remedy: expect.stringContaining(remedy),
  });

  test('of another key', async () => {
    const privateKey = privateKeyPem(await generatePrivateKey('EC_prime256v1'));
    expect(await finding(() => ({ privateKey }))).toEqual(wrong("doesn't belong to", 'of two generations'));
  });

  test('of the time', async () => {
    const later = new Date(NOW.getTime() + days(30));
    expect(await finding(() => ({}), later)).toEqual(wrong('expired at', 'mtls-mesh rotate mail'));
    const earlier = new Date(NOW.getTime() - days(30));
    expect(await finding(() => ({}), earlier)).toEqual(wrong('is not valid before', 'set the clock'));
  });

  test('of another chain', async () => {
    const { pem } = await createRoot('Other');
    expect(await finding(() => ({ certificateChain: pem }))).toEqual(wrong('the chain of', 'rotate'));
  });

  test('of a chain that is too long', async () => {
    expect(await finding(({ certificateChain }) => ({ certificateChain: certificateChain.repeat(5) }))).toEqual(
      wrong('the chain has 5 authorities', 'at most 4'),
    );
  });

  test('of the purpose', async () => {
    const server = await createServer(await createRoot('Root'), 'mesh.example.com');
    const change = { certificate: server.pem, privateKey: privateKeyPem(server.privateKey) };
    expect(await finding(() => change)).toEqual(wrong('is not for TLS clients', 'rotate'));
  });

  test.each([
    [{ certificate: 'nothing' }, "can't be read"],
    [{ certificateChain: '' }, "can't be read"],
    [{ privateKey: 'nothing' }, "the private key can't be read"],
  ])('of files that are none: %j', async (change, message) => {
    expect(await finding(() => change)).toEqual(wrong(message, 'rotate'));
  });
});
