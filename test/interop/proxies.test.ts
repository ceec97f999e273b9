/** Proxies in front of a service, and proxies that lead to the mesh. */
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { copiedIdentity } from '../../bin/prove/impostors';
import type { ClientSecret } from '../../mesh/client-secret';
import { privateKeyPem } from '../../pki/keys';
import { type Authority, createClient, createRoot, createServer as createServerCertificate } from '../pki/authorities';
import { testWith } from '../programs';
import { freePort } from './example-programs';
import { Files } from './files';
import { call, DURATION, ProxiedService, requestsAt, traffic, until } from './proxied-service';
import { PROXIES, RunningProxy } from './proxies';
import { type KeyKind, RunningMesh } from './running-mesh';

const copies = new Files();
let service: ProxiedService;

beforeAll(async () => {
  // The proxies give up the rights of their starter.
  chmodSync(copies.path, 0o755);
  service = await ProxiedService.start();
});

afterAll(() => {
  service.stop();
  copies.remove();
});

async function callPlain(port: number): Promise<string> {
  const outgoing = get({ host: '127.0.0.1', port, path: '/schedule', agent: false });
  const [response] = await once(outgoing, 'response');
  return `${response.statusCode} ${await text(response)}`;
}

describe.each<KeyKind>(['ECDSA', 'RSA'])('with %s keys', (keys) => {
  const keyAlgorithm = keys === 'RSA' ? 'RSA_2048' : 'EC_prime256v1';
  const files = new Files();
  let port: number;
  let mesh: RunningMesh;
  let mail: ClientSecret;
  let serverAuthority: Authority;

  async function writeServer(): Promise<void> {
    const server = await createServerCertificate(serverAuthority, 'localhost', { keyAlgorithm });
    files.writeServer(server);
    files.write(join('server', 'bundle.pem'), privateKeyPem(server.privateKey) + server.pem);
  }

  beforeAll(async () => {
    chmodSync(files.path, 0o755);
    port = await freePort();
    mesh = await RunningMesh.start(keys, port);
    mail = await mesh.secret('mail');
    await files.writeClient(mail);
    files.write('server-ca.pem', mesh.serverAuthority);
    serverAuthority = await createRoot('Example Servers', { keyAlgorithm });
    await writeServer();
  });

  afterAll(async () => {
    await mesh.stop();
    files.remove();
  });

  describe.each(PROXIES)('$name', (proxy) => {
    const directory = (side: string) => join(copies.path, `${proxy.example}-${side}-${keys}`);
    const test = testWith(proxy.program);

    test('in front of a service admits the clients of the mesh', async () => {
      const listening = await freePort();
      const surroundings = { files: files.path, mesh: 'https://mesh.example.com', port: listening };
      const running = RunningProxy.start(proxy, 'server', directory('server'), surroundings, service.changes);
      try {
        const ca = serverAuthority.pem;
        const social = await mesh.secret('social');
        await until(running, async () => (await call(listening, ca, mail)).text === '200 mail');
        expect(await call(listening, ca, social)).toMatchObject({ text: '200 social' });
        const forged = { headers: { 'X-Client-Name': 'social' } };
        expect(await call(listening, ca, mail, forged)).toMatchObject({ text: '200 mail' });

        expect(await service.isRefused(() => call(listening, ca, undefined))).toBe(true);
        const foreign = await copiedIdentity(mail);
        expect(await service.isRefused(() => call(listening, ca, foreign))).toBe(true);

        // While all certificates change.
        const calls = traffic(proxy.rate, async () => (await call(listening, ca, mail)).text);
        await setTimeout(DURATION / 2);
        const other = await createRoot('Example Successor', { keyAlgorithm });
        await writeServer();
        await files.writeClient(mail, `${mail.certificateChain.trimEnd()}\n${other.pem}`);
        running.reload();
        expect(await calls).toEqual({ '200 mail': requestsAt(proxy.rate) });

        // Of an authority that leaves.
        const uris = ['spiffe://mesh.example.com/social'];
        const { pem, privateKey } = await createClient(other, 'social', { keyAlgorithm, uris });
        const leaving = { certificate: pem, certificateChain: other.pem, privateKey: privateKeyPem(privateKey) };
        await until(running, async () => (await call(listening, ca, leaving)).text === '200 social');
        const { session } = await call(listening, ca, leaving);
        const resumed = await call(listening, ca, leaving, { session });
        expect(resumed).toMatchObject({ text: '200 social', isResumed: proxy.resumes });
        await files.writeClient(mail);
        running.reload();
        await until(running, () => service.isRefused(() => call(listening, ca, leaving)));
        // A process that ends can still take connections, so five in a row must be refused.
        const resume = () =>
          service.isRefused(() => call(listening, ca, leaving, { session: resumed.session ?? session }));
        await until(running, async () => {
          for (let again = 0; again < 5; again++) if (!(await resume())) return false;
          return true;
        });
        expect(await call(listening, ca, mail)).toMatchObject({ text: '200 mail' });
      } finally {
        await running.stop();
      }
    });

    test('leads to the mesh, also while the certificate of the client changes', async () => {
      const listening = await freePort();
      const surroundings = { files: files.path, mesh: `https://localhost:${port}`, port: listening };
      const changes = {
        '/etc/ssl/certs/ca-certificates.crt': join(files.path, 'server-ca.pem'),
        '127.0.0.1:8081': `127.0.0.1:${listening}`,
        'port_value: 8081': `port_value: ${listening}`,
        'mesh.example.com:443': `localhost:${port}`,
        'mesh.example.com, port_value: 443': `127.0.0.1, port_value: ${port}`,
        'mesh.example.com': 'localhost',
        'max_connection_duration: 300s': 'max_connection_duration: 1s',
      };
      await files.writeClient(mail);
      const running = RunningProxy.start(proxy, 'client', directory('client'), surroundings, changes);
      try {
        const answer = () => `200 mail ${mail.serialNumber}`;
        await until(running, async () => (await callPlain(listening)) === answer());
        const before = answer();
        const calls = traffic(proxy.rate, () => callPlain(listening));
        await setTimeout(DURATION / 2);
        mail = await mesh.rotate('mail');
        await files.writeClient(mail);
        running.reload();
        const outcomes = await calls;
        expect(Object.keys(outcomes).sort()).toEqual([before, answer()].sort());
      } finally {
        await running.stop();
      }
    });
  });
});
