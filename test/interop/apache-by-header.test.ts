/** Servers in Java behind Apache httpd, which tells them the client in a header. */
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { request } from 'node:https';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { copiedIdentity } from '../../bin/prove/impostors';
import type { TlsCredentials } from '../../client/tls-request';
import type { ClientSecret } from '../../mesh/client-secret';
import { privateKeyPem } from '../../pki/keys';
import { type Authority, createClient, createRoot, createServer } from '../pki/authorities';
import { describeWith } from '../programs';
import { apacheWithSite } from './apache';
import { copyExample, freePort, Program } from './example-programs';
import { Files } from './files';
import { addJavaLibraries, runJava } from './java';
import { type ExampleProxy, PROXIES, RunningProxy } from './proxies';
import { RunningMesh } from './running-mesh';
import { prepareTomcat, TOMCAT_COMMAND } from './tomcat';

const apache = PROXIES.find(({ program }) => program === 'apache2');
if (apache === undefined) throw new Error('there is no example of Apache httpd');

interface Service {
  readonly name: string;
  readonly needs: readonly string[];
  /** A directory of `examples/programs`, with a server at port 8080. */
  readonly example: string;
  /** @param directory of the copied example */
  readonly start: (directory: string) => Program;
  /** The Apache httpd in front of it. */
  readonly proxy: ExampleProxy;
}

const SERVICES: readonly Service[] = [
  {
    name: 'Jetty',
    needs: ['apache2', 'javac', 'mvn', 'flock'],
    example: 'apache-jetty',
    start: (directory) => {
      addJavaLibraries(directory);
      return new Program(runJava(directory, 'Server'), {});
    },
    proxy: apache,
  },
  {
    name: 'Tomcat',
    needs: ['apache2', 'java', 'tomcat10'],
    example: 'apache-tomcat-header',
    start: (directory) => new Program(TOMCAT_COMMAND, prepareTomcat(directory, join(directory, 'base'))),
    proxy: {
      ...apache,
      example: 'apache-tomcat-header',
      server: 'mesh-site.conf',
      command: (site) => apacheWithSite(dirname(site), ['headers', 'proxy', 'proxy_http']),
      reload: (site) => `apache2 -f '${join(dirname(site), 'httpd.conf')}' -k graceful`,
    },
  },
];

describe.each(SERVICES)('$name', (service) =>
  describeWith(...service.needs)('behind Apache httpd', () => {
    const files = new Files();
    const copies = new Files();
    let port: number;
    let mesh: RunningMesh;
    let mail: ClientSecret;
    let serverAuthority: Authority;
    let server: Program;
    let proxy: RunningProxy;

    async function call(credentials?: TlsCredentials, headers?: Readonly<Record<string, string>>): Promise<string> {
      const outgoing = request({
        host: '127.0.0.1',
        port,
        servername: 'localhost',
        ca: serverAuthority.pem,
        headers,
        cert: credentials?.certificate,
        key: credentials?.privateKey,
        agent: false,
      });
      const [response] = await once(outgoing.end(), 'response');
      return `${response.statusCode} ${await text(response)}`;
    }

    beforeAll(async () => {
      // Apache httpd gives up the rights of its starter.
      for (const { path } of [files, copies]) chmodSync(path, 0o755);
      mesh = await RunningMesh.start('ECDSA', 0);
      mail = await mesh.secret('mail');
      await files.writeClient(mail);
      serverAuthority = await createRoot('Example Servers');
      files.writeServer(await createServer(serverAuthority, 'localhost'));

      const servicePort = await freePort();
      port = await freePort();
      const surroundings = { files: files.path, mesh: 'https://mesh.example.com', port };
      const changes = { '8080': String(servicePort) };
      const example = copyExample(service.example, join(copies.path, 'service'), surroundings, changes);
      server = service.start(example);
      proxy = RunningProxy.start(service.proxy, 'server', join(copies.path, 'apache'), surroundings, {
        '127.0.0.1:8080': `127.0.0.1:${servicePort}`,
      });
      while ((await call(mail).catch(String)) !== '200 mail') {
        if (server.hasEnded) throw new Error(`the server has ended: ${server.stderr}`);
        if (proxy.hasEnded) throw new Error(`the proxy has ended: ${proxy.stderr}`);
        await setTimeout(100);
      }
    });

    afterAll(async () => {
      await proxy?.stop();
      await server?.stop();
      await mesh?.stop();
      files.remove();
      copies.remove();
    });

    test('knows which client calls, whatever the client says', async () => {
      expect(await call(await mesh.secret('social'))).toBe('200 social');
      expect(await call(mail, { 'X-Client-Name': 'social' })).toBe('200 mail');
      const social = (await mesh.secret('social')).certificate.replaceAll('\n', ' ');
      expect(await call(mail, { ssl_client_cert: social })).toBe('200 mail');
      expect(await call(mail, { ssl_client_escaped_cert: encodeURIComponent(social) })).toBe('200 mail');
    });

    test('is not reached without a certificate, or with one of another authority of the same name', async () => {
      await expect(call()).rejects.toThrow();
      await expect(call(await copiedIdentity(mail))).rejects.toThrow();
    });

    test('refuses a client of another mesh', async () => {
      const partner = await createRoot('Example Partner');
      await files.writeClient(mail, `${mail.certificateChain.trimEnd()}\n${partner.pem}`);
      proxy.reload();
      const uris = ['spiffe://partner.example.com/mail'];
      const { pem, privateKey } = await createClient(partner, 'mail', { uris });
      const credentials = { certificate: pem, certificateChain: partner.pem, privateKey: privateKeyPem(privateKey) };
      // Apache httpd takes new files a moment later.
      let answer = await call(credentials).catch(String);
      while (!/^\d/.test(answer)) {
        await setTimeout(50);
        answer = await call(credentials).catch(String);
      }
      expect(answer).toMatch(/^403 /);
    });
  }),
);
