/** A Jetty behind Apache httpd, which tells it the name of the client in a header. */
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { copiedIdentity } from '../../bin/prove/impostors';
import type { TlsCredentials } from '../../client/tls-request';
import type { ClientSecret } from '../../mesh/client-secret';
import { privateKeyPem } from '../../pki/keys';
import { type Authority, createClient, createRoot, createServer } from '../pki/authorities';
import { describeWith } from '../programs';
import { copyExample, freePort, Program } from './example-programs';
import { Files } from './files';
import { addJavaLibraries, runJava } from './java';
import { PROXIES, RunningProxy } from './proxies';
import { RunningMesh } from './running-mesh';

const apache = PROXIES.find(({ program }) => program === 'apache2');
if (apache === undefined) throw new Error('there is no example of Apache httpd');

describeWith(
  'apache2',
  'javac',
  'mvn',
  'flock',
)('Jetty behind Apache httpd', () => {
  const files = new Files();
  const copies = new Files();
  let port: number;
  let mesh: RunningMesh;
  let mail: ClientSecret;
  let serverAuthority: Authority;
  let jetty: Program;
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
    const example = copyExample('apache-jetty', join(copies.path, 'jetty'), surroundings, changes);
    addJavaLibraries(example);
    jetty = new Program(runJava(example, 'Server'), {});
    proxy = RunningProxy.start(apache, 'server', join(copies.path, 'apache'), surroundings, {
      '127.0.0.1:8080': `127.0.0.1:${servicePort}`,
    });
    while ((await call(mail).catch(String)) !== '200 mail') {
      if (jetty.hasEnded) throw new Error(`the Jetty has ended: ${jetty.stderr}`);
      if (proxy.hasEnded) throw new Error(`the proxy has ended: ${proxy.stderr}`);
      await setTimeout(100);
    }
  });

  afterAll(async () => {
    await proxy?.stop();
    await jetty?.stop();
    await mesh?.stop();
    files.remove();
    copies.remove();
  });

  test('knows which client calls, whatever the client says', async () => {
    expect(await call(await mesh.secret('social'))).toBe('200 social');
    expect(await call(mail, { 'X-Client-Name': 'social' })).toBe('200 mail');
    expect(await call(mail, { X_Client_Name: 'social' })).toBe('200 mail');
  });

  test('is not reached without a certificate, or with one of another authority of the same name', async () => {
    await expect(call()).rejects.toThrow();
    await expect(call(await copiedIdentity(mail))).rejects.toThrow();
  });

  test('is not reached by a client that Apache httpd does not name', async () => {
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
    expect(answer).not.toContain('mail');
  });
});
