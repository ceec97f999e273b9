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

  const receive = async (
    answer: RequestListener,
    { authorities = [clientAuthority], trusted = serverAuthority.pem, signal = AbortSignal.timeout(10_000) } = {},
  ) => {
    mesh = await MeshServer.start(serverAuthority, authorities, answer);
    const domain = new GatewayDomain(HOST, { connectTo: mesh.address, certificateAuthorities: trusted });
    return domain.receive(secret, signal);
  };

  test('lets a certificate in whatever it answers to a request for nothing, if it is not 403', async () => {
    const paths: (string | undefined)[] = [];

    const reception = await receive(({ url }, response) => {
      paths.push(url);
      response.writeHead(404).end('{"message":"Not Found"}');
    });

    expect(reception).toEqual({ outcome: 'let in', detail: 'status 404' });
    expect(paths).toEqual(['/-/handshake']);
  });

  test('refuses a certificate with 403', async () => {
    const reception = await receive((_request, response) => response.writeHead(403).end());

    expect(reception).toEqual({ outcome: 'refused', detail: 'status 403' });
  });

  test('refuses a certificate in the handshake', async () => {
    const reception = await receive((_request, response) => response.end(), { authorities: [serverAuthority] });

    expect(reception.outcome).toBe('refused');
  });

  test('refuses a certificate by hanging up', async () => {
    const reception = await receive(({ socket }) => socket.destroy());

    expect(reception.outcome).toBe('refused');
  });

  test('is not reached when its server certificate is none to trust', async () => {
    const reception = await receive((_request, response) => response.end(), { trusted: clientAuthority.pem });

    expect(reception).toMatchObject({ outcome: 'not reached', detail: expect.stringMatching(/there is no response/) });
  });

  test('is not reached when it does not answer in time', async () => {
    const reception = await receive(() => undefined, { signal: AbortSignal.timeout(300) });

    expect(reception).toMatchObject({ outcome: 'not reached', detail: expect.stringMatching(/timeout/) });
  });

  test('is not reached when nobody listens, nor when nobody shakes hands', async () => {
    const silent: Server = createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const domain = new GatewayDomain(HOST, { connectTo: { host: '127.0.0.1', port } });

    expect((await domain.receive(secret, AbortSignal.timeout(200))).outcome).toBe('not reached');
    await new Promise((resolve) => silent.close(resolve));
    expect((await domain.receive(secret, AbortSignal.timeout(2_000))).detail).toMatch(/ECONNREFUSED/);
  });

  test('tells nothing of a key that TLS does not take', async () => {
    const privateKey = secret.privateKey.replace(/\n[A-Za-z0-9+/]{4}/, '\nAAAA');
    const domain = new GatewayDomain(HOST, { connectTo: { host: '127.0.0.1', port: 9 } });

    const reception = await domain.receive({ ...secret, privateKey }, AbortSignal.timeout(2_000));

    expect(reception.outcome).toBe('not reached');
    expect(reception.detail).not.toContain(privateKey.split('\n')[1]);
    expect(reception.detail).not.toMatch(/BEGIN|AAAA/);
  });
});
