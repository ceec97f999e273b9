/** Proxies that refuse revoked clients by the lists that the agent brings them. */
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { TlsCredentials } from '../../client/tls-request';
import { privateKeyPem } from '../../pki/keys';
import { type Authority, createClient, createRoot, createServer as createServerCertificate } from '../pki/authorities';
import { createRevocationList } from '../pki/revocation-lists';
import { testWith } from '../programs';
import { freePort, startAgent } from './example-programs';
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

describe.each<KeyKind>(['ECDSA', 'RSA'])('with %s keys', (keys) => {
  const keyAlgorithm = keys === 'RSA' ? 'RSA_2048' : 'EC_prime256v1';
  const files = new Files();
  let mesh: RunningMesh;
  let serverAuthority: Authority;

  beforeAll(async () => {
    chmodSync(files.path, 0o755);
    mesh = await RunningMesh.start(keys, await freePort(), { hasRevocationLists: true });
    serverAuthority = await createRoot('Example Servers', { keyAlgorithm });
    const server = await createServerCertificate(serverAuthority, 'localhost', { keyAlgorithm });
    files.writeServer(server);
    files.write(join('server', 'bundle.pem'), privateKeyPem(server.privateKey) + server.pem);
  });

  afterAll(async () => {
    await mesh.stop();
    files.remove();
  });

  const crl = () => readFileSync(join(files.mail, 'crl.pem'), 'utf8');

  describe.each(PROXIES)('$name', (proxy) => {
    const test = testWith(proxy.program);
    let port: number;
    let running: RunningProxy;

    const answerTo = async (credentials: TlsCredentials) => (await call(port, serverAuthority.pem, credentials)).text;

    beforeEach(async () => {
      const once = await startAgent(mesh, files, ['--interval', '1', ...mesh.publishedOptions]);
      while (!existsSync(join(files.mail, 'crl.pem'))) await setTimeout(50);
      await once.stop('SIGTERM');
      port = await freePort();
      const surroundings = { files: files.path, mesh: 'https://mesh.example.com', port };
      const directory = join(copies.path, `${proxy.example}-${keys}-${port}`);
      running = RunningProxy.start(proxy, 'server', directory, surroundings, service.changes, { refusesRevoked: true });
    });

    afterEach(() => running.stop());

    test('refuses a client after its revocation, and no other one', async () => {
      await mesh.rotate('social');
      const [mail, social] = [await mesh.secret('mail'), await mesh.secret('social')];
      await until(running, async () => (await answerTo(mail)) === '200 mail');
      expect(await answerTo(social)).toBe('200 social');
      const { session } = await call(port, serverAuthority.pem, social);
      const reload = running.reloadCommand === undefined ? [] : ['--reload', running.reloadCommand];
      const agent = await startAgent(mesh, files, ['--interval', '1', ...mesh.publishedOptions, ...reload]);
      try {
        const others = traffic(proxy.rate, () => answerTo(mail));
        await setTimeout(DURATION / 4);
        await mesh.revoke('social');
        await until(running, () => service.isRefused(() => call(port, serverAuthority.pem, social)));
        expect(await others).toEqual({ '200 mail': requestsAt(proxy.rate) });
        // A process that ends can still take connections, so five in a row must be refused.
        const resume = () => service.isRefused(() => call(port, serverAuthority.pem, social, { session }));
        await until(running, async () => {
          for (let again = 0; again < 5; again++) if (!(await resume())) return false;
          return true;
        });
      } finally {
        await agent.stop('SIGTERM');
      }
    });

    test('refuses all clients of an authority whose list has expired, or that has none', async () => {
      const mail = await mesh.secret('mail');
      const lists = crl();
      const other = await createRoot('Example Partner', { keyAlgorithm });
      const uris = ['spiffe://mesh.example.com/social'];
      const { pem, privateKey } = await createClient(other, 'social', { keyAlgorithm, uris });
      const partner = { certificate: pem, certificateChain: other.pem, privateKey: privateKeyPem(privateKey) };
      const write = async (listsOfPartner: string) => {
        const authorities = `${mail.certificateChain.trimEnd()}\n${other.pem}`;
        await files.writeClient(mail, authorities, 'mail', lists + listsOfPartner);
        running.reload();
      };
      const isPartnerRefused = () => service.isRefused(() => call(port, serverAuthority.pem, partner));
      await until(running, async () => (await answerTo(mail)) === '200 mail');

      await write(await createRevocationList(other));
      await until(running, async () => (await answerTo(partner)) === '200 social');

      const [thisUpdate, nextUpdate] = [new Date(0), new Date(Date.now() - 60_000)];
      await write(await createRevocationList(other, { number: 2n, thisUpdate, nextUpdate }));
      await until(running, isPartnerRefused);
      expect(await answerTo(mail)).toBe('200 mail');

      await write(await createRevocationList(other, { number: 3n }));
      await until(running, async () => (await answerTo(partner)) === '200 social');
      await write('');
      await until(running, isPartnerRefused);
      expect(await answerTo(mail)).toBe('200 mail');
    });
  });
});
