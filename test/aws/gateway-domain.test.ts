import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:net';
import { GatewayDomain } from '../../aws/gateway-domain';
import type { ClientSecret } from '../../mesh/client-secret';
import { HOST, MeshServer } from '../client/mesh-server';
import { createSecret } from '../client/secrets';
import { type Authority, createRoot } from '../pki/authorities';

let serverAuthority: Authority;
let clientAuthority: Authority;
let secret: ClientSecret;

beforeAll(async () => {
  serverAuthority = await createRoot('Servers');
  clientAuthority = await createRoot('Clients');
  secret = await createSecret(clientAuthority);
});

describe('a gateway with mutual TLS', () => {
  let mesh: MeshServer | undefined;

  afterEach(() => mesh?.close());

  const handshake = async (
    answer: RequestListener,
    { authorities = [clientAuthority], trusted = serverAuthority.pem, signal = AbortSignal.timeout(10_000) } = {},
  ) => {
    mesh = await MeshServer.start(serverAuthority, authorities, answer);
    const domain = new GatewayDomain(HOST, { connectTo: mesh.address, certificateAuthorities: trusted });
    return domain.tryHandshake(secret, signal);
  };

  test('lets a certificate in whatever it answers to a request for nothing, if it is not 403', async () => {
    const paths: (string | undefined)[] = [];

    const result = await handshake(({ url }, response) => {
      paths.push(url);
      response.writeHead(404).end('{"message":"Not Found"}');
    });

    expect(result).toEqual({ outcome: 'accepted', detail: 'status 404' });
    expect(paths).toEqual(['/-/handshake']);
  });

  test('refuses a certificate with 403', async () => {
    const result = await handshake((_request, response) => response.writeHead(403).end());

    expect(result).toEqual({ outcome: 'refused', detail: 'status 403' });
  });

  test('refuses a certificate in the handshake', async () => {
    const result = await handshake((_request, response) => response.end(), { authorities: [serverAuthority] });

    expect(result.outcome).toBe('refused');
  });

  test('refuses a certificate by hanging up', async () => {
    const result = await handshake(({ socket }) => socket.destroy());

    expect(result.outcome).toBe('refused');
  });

  test('is not reached when its server certificate is none to trust', async () => {
    const result = await handshake((_request, response) => response.end(), { trusted: clientAuthority.pem });

    expect(result).toMatchObject({ outcome: 'unreachable', detail: expect.stringMatching(/no response/) });
  });

  test('is not reached when it does not answer in time', async () => {
    const result = await handshake(() => undefined, { signal: AbortSignal.timeout(300) });

    expect(result).toMatchObject({ outcome: 'unreachable', detail: expect.stringMatching(/timeout/) });
  });

  test('is not reached when nobody listens, nor when nobody shakes hands', async () => {
    const silent: Server = createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const domain = new GatewayDomain(HOST, { connectTo: { host: '127.0.0.1', port } });

    expect((await domain.tryHandshake(secret, AbortSignal.timeout(200))).outcome).toBe('unreachable');
    await new Promise((resolve) => silent.close(resolve));
    expect((await domain.tryHandshake(secret, AbortSignal.timeout(2_000))).detail).toMatch(/ECONNREFUSED/);
  });

  test('tells nothing of a key that TLS does not take', async () => {
    const privateKey = secret.privateKey.replace(/\n[A-Za-z0-9+/]{4}/, '\nAAAA');
    const domain = new GatewayDomain(HOST, { connectTo: { host: '127.0.0.1', port: 9 } });

    const result = await domain.tryHandshake({ ...secret, privateKey }, AbortSignal.timeout(2_000));

    expect(result.outcome).toBe('unreachable');
    expect(result.detail).not.toContain(privateKey.split('\n')[1]);
    expect(result.detail).not.toMatch(/BEGIN|AAAA/);
  });
});
