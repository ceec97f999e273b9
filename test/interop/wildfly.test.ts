/** WildFly, which admits the clients in a realm, alone, and as the place of services that call each other. */
import { once } from 'node:events';
import { request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import type { ClientSecret } from '../../mesh/client-secret';
import { type Authority, createRoot, createServer } from '../pki/authorities';
import { describeWith } from '../programs';
import { copyExample, freePort, Program } from './example-programs';
import { Files, STORE_PASSWORD } from './files';
import { RunningMesh } from './running-mesh';
import { type Server, testServers } from './server-tests';
import { WILDFLY_NEEDS, Wildfly } from './wildfly';

/** How the example admits a client. */
const identity = (client: string) =>
  `/subsystem=elytron/filesystem-realm=clients:add-identity(identity="spiffe://mesh.example.com/${client}")`;

describe('alone', () => {
  let managementPort: number;
  const at = (directory: string) => new Wildfly(directory, managementPort);

  beforeAll(async () => {
    managementPort = await freePort();
  });

  const server: Server = {
    name: 'WildFly',
    needs: WILDFLY_NEEDS,
    example: 'wildfly',
    build: (directory) => {
      at(directory).configure({ STORE_PASSWORD });
      at(directory).deploy('ROOT', directory);
    },
    command: (directory) => at(directory).command,
    environment: (directory) => at(directory).environment,
    reload: (_, directory) => at(directory).reload(),
    resumes: true,
    resumesAfterReload: true,
    admitsSocial: false,
  };
  testServers([server]);
});

describeWith(...WILDFLY_NEEDS)('users, groups, and equipment on two WildFly instances', () => {
  const files = new Files();
  const copies = new Files();
  const running: Program[] = [];
  const clients = ['mail', 'users', 'groups', 'equipment'];
  let mesh: RunningMesh;
  let serverAuthority: Authority;
  let mail: ClientSecret;
  let one: { readonly port: number; readonly wildfly: Wildfly };
  let other: typeof one;

  /** @param admitted clients */
  async function configure(name: string, admitted: readonly string[]): Promise<typeof one> {
    const port = await freePort();
    const surroundings = { files: files.path, mesh: 'https://mesh.example.com', port };
    const changes = { [identity('mail')]: admitted.map(identity).join('\n') };
    const wildfly = new Wildfly(
      copyExample('wildfly', join(copies.path, name), surroundings, changes),
      await freePort(),
    );
    wildfly.configure({ STORE_PASSWORD });
    return { port, wildfly };
  }

  /** Deploys an application that calls another one with the certificate of the client of its own name. */
  function deploy({ wildfly, port }: typeof one, name: string, called: string, client = name): void {
    const changes = { '/etc/mtls-mesh/mail': join(files.path, client), 'https://mesh.example.com/schedule': called };
    const surroundings = { files: files.path, mesh: '', port };
    wildfly.deploy(name, copyExample('wildfly', join(copies.path, `${name}-application`), surroundings, changes));
  }

  function start({ wildfly }: typeof one): void {
    const environment = { STORE_PASSWORD, ...files.environmentOfClients, ...wildfly.environment };
    running.push(new Program(wildfly.command, environment));
  }

  async function call({ port }: typeof one, path: string): Promise<string> {
    const outgoing = request({
      host: '127.0.0.1',
      port,
      path,
      servername: 'localhost',
      ca: serverAuthority.pem,
      cert: mail.certificate,
      key: mail.privateKey,
      agent: false,
    });
    const [response] = await once(outgoing.end(), 'response');
    return text(response);
  }

  async function untilAnswer(instance: typeof one, path: string, expected: string): Promise<void> {
    for (;;) {
      const answer = await call(instance, path).catch(String);
      if (answer === expected) return;
      const ended = running.find(({ hasEnded }) => hasEnded);
      if (ended !== undefined) throw new Error(`a WildFly has ended: ${ended.stderr}`);
      await setTimeout(200);
    }
  }

  beforeAll(async () => {
    mesh = await RunningMesh.start('ECDSA', 0, { clients });
    serverAuthority = await createRoot('Example Servers');
    files.writeServerAuthority(`${mesh.serverAuthority.trimEnd()}\n${serverAuthority.pem}`);
    files.writeServer(await createServer(serverAuthority, 'localhost'));
    mail = await mesh.secret('mail');
    for (const client of clients) {
      const secret = await mesh.secret(client);
      await files.writeClient(secret, secret.certificateChain, client);
    }
    one = await configure('one', ['mail', 'users', 'equipment']);
    other = await configure('other', ['mail', 'groups']);
    deploy(one, 'users', `https://localhost:${one.port}/groups/`);
    deploy(one, 'groups', `https://localhost:${other.port}/equipment/`);
    deploy(other, 'equipment', `https://localhost:${one.port}/users/`);
    deploy(other, 'ROOT', `https://localhost:${mesh.port}/schedule`, 'mail');
    start(one);
    start(other);
    await untilAnswer(one, '/users/', 'mail');
    await untilAnswer(one, '/groups/', 'mail');
    await untilAnswer(other, '/equipment/', 'mail');
    await untilAnswer(other, '/', 'mail');
  });

  afterAll(async () => {
    for (const program of running) await program.stop('SIGTERM');
    await mesh?.stop();
    files.remove();
    copies.remove();
  });

  test('call the mesh, also with a new certificate', async () => {
    expect(await call(other, '/schedule')).toBe(`the schedule answers 200 mail ${mail.serialNumber}`);
    const before = mail;
    mail = await mesh.rotate('mail');
    expect(mail.serialNumber).not.toBe(before.serialNumber);
    await files.writeClient(mail);
    expect(await call(other, '/schedule')).toBe(`the schedule answers 200 mail ${mail.serialNumber}`);
  });

  test('call each other, each with its own identity', async () => {
    expect(await call(one, '/users/schedule')).toBe('the schedule answers 200 users');
    expect(await call(one, '/groups/schedule')).toBe('the schedule answers 200 groups');
    expect(await call(other, '/equipment/schedule')).toBe('the schedule answers 200 equipment');
  });

  test('one identity is cut off without a restart', async () => {
    expect(await call(one, '/groups/schedule')).toBe('the schedule answers 200 groups');
    await other.wildfly.removeIdentity('spiffe://mesh.example.com/groups');
    expect(await call(one, '/groups/schedule')).toMatch(/^the schedule answers 403 /);
    expect(await call(one, '/users/schedule')).toBe('the schedule answers 200 users');
    expect(await call(other, '/equipment/schedule')).toBe('the schedule answers 200 equipment');
    expect(running.map(({ hasEnded }) => hasEnded)).toEqual([false, false]);
  });
});
