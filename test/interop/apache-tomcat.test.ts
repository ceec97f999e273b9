/** A person's browser gets the page of a Tomcat behind Apache httpd, which knows the person by the client's certificate. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { copiedIdentity } from '../../bin/prove/impostors';
import type { ClientSecret } from '../../mesh/client-secret';
import { createRoot, createServer } from '../pki/authorities';
import { describeWith } from '../programs';
import { apacheWithSite } from './apache';
import { copyExample, freePort, Program } from './example-programs';
import { Files, secretOf } from './files';
import { BROWSER_NEEDS, PersonsBrowser } from './persons-browser';
import { RunningMesh } from './running-mesh';
import { prepareTomcat, TOMCAT_COMMAND } from './tomcat';

/** Resolves when something listens on the port. @throws Error if the program has ended */
async function listening(program: Program, port: number): Promise<void> {
  const isOpen = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
  while (!(await isOpen())) {
    if (program.hasEnded) throw new Error(`the program has ended: ${program.stderr}`);
    await setTimeout(100);
  }
}

describeWith(
  ...BROWSER_NEEDS,
  'apache2',
  'java',
  'tomcat10',
)('Tomcat behind Apache httpd', () => {
  const files = new Files();
  const copies = new Files();
  const running: Program[] = [];
  const browsers: PersonsBrowser[] = [];
  let mesh: RunningMesh;
  let mail: ClientSecret;
  let chromium: string;
  let url: string;
  /** What the two servers say about themselves. */
  let log: () => string;

  function browser(): PersonsBrowser {
    const one = new PersonsBrowser(chromium);
    browsers.push(one);
    one.trust(join(files.path, 'server-ca.pem'));
    return one;
  }

  beforeAll(async () => {
    mesh = await RunningMesh.start('ECDSA', 0);
    mail = await mesh.secret('mail');
    await files.writeClient(mail);
    const authority = await createRoot('Example Servers');
    files.write('server-ca.pem', authority.pem);
    files.writeServer(await createServer(authority, 'localhost'));

    const [port, ajpPort] = [await freePort(), await freePort()];
    url = `https://localhost:${port}/`;
    const surroundings = { files: files.path, mesh: `https://localhost:${port}`, port };
    chromium = copyExample('chromium', join(copies.path, 'chromium'), surroundings);
    const example = copyExample('apache-tomcat', join(copies.path, 'apache-tomcat'), surroundings, {
      '8009': String(ajpPort),
    });
    const environment = {
      AJP_SECRET: randomBytes(16).toString('hex'),
      ...prepareTomcat(example, join(copies.path, 'tomcat')),
    };
    const servlets = new Program(TOMCAT_COMMAND, environment);
    running.push(servlets);

    const apache = new Program(apacheWithSite(example, ['proxy', 'proxy_ajp']), environment);
    running.push(apache);
    log = () => readFileSync(join(example, 'error.log'), 'utf8') + servlets.stderr;
    await listening(servlets, ajpPort);
    await listening(apache, port);
  });

  afterEach(async () => {
    for (const one of browsers.splice(0)) await one.remove();
  });

  afterAll(async () => {
    for (const program of running) await program.stop('SIGTERM');
    await mesh?.stop();
    files.remove();
    copies.remove();
  });

  test('serves the page to a person with the certificate, and names the client', async () => {
    const person = browser();
    person.importCertificate();
    const page = await person.open(url, 'tomcat-behind-apache-served');
    if (!page.includes('Welcome, mail.')) throw new Error(`${page}\n${log()}`);
    expect(page).toContain(`Your certificate ${mail.serialNumber.replace(/^0+/, '')} is valid until`);
  });

  test('refuses a person without a certificate', async () => {
    const person = browser();
    expect(await person.open(url, 'tomcat-behind-apache-without-certificate')).toContain('net::ERR_');
  });

  test('refuses a certificate of another authority of the same name', async () => {
    await files.writeClient(secretOf('mail', await copiedIdentity(mail)), mail.certificateChain);
    const person = browser();
    person.importCertificate();
    expect(await person.open(url, 'tomcat-behind-apache-foreign-certificate')).toContain('net::ERR_');
  });
});
