import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Sandbox } from '../../sandbox';
import { addScheduleService, exampleMesh } from '../example-mesh';
import { mutateOctets, mutateText } from './mutations';
import type { Random } from './random';

const HOST = 'mesh.example.com';

/** How long the gateway may take to answer or to close. Milliseconds. */
const PATIENCE = 2_000;

const REQUEST = [
  'POST /schedule/events?day=1 HTTP/1.1',
  `Host: ${HOST}`,
  'Content-Type: application/json',
  'Content-Length: 2',
  'Transfer-Encoding: chunked',
  'Connection: close',
  '',
  '2\r\n{}\r\n0\r\n\r\n',
].join('\r\n');

/** Sends mutated octets, handshakes, and requests to a running gateway. @returns what should not happen */
export async function fuzzGateway(count: number, random: Random): Promise<readonly string[]> {
  const stack = new Stack(new App(), 'Mesh');
  const mesh = exampleMesh(stack, { removalPolicy: RemovalPolicy.DESTROY });
  addScheduleService(stack, mesh);
  mesh.addClient('mail');
  const sandbox = await Sandbox.deploy(stack.node.root as App);
  const failures: string[] = [];
  try {
    const hello = await clientHello();
    const { certificate, privateKey } = await sandbox.clientSecret('mail');
    const tls = {
      port: sandbox.gatewayPort,
      servername: HOST,
      cert: certificate,
      key: privateKey,
      ca: sandbox.serverAuthority,
    };
    for (let index = 0; index < count; index += 1) {
      if (index % 3 === 0) await exchange(connectTcp(sandbox.gatewayPort, '127.0.0.1'), mutateOctets(hello, random));
      else await exchange(connectTls({ ...tls, host: '127.0.0.1' }), mutateText(REQUEST, random));
    }
    const { status } = await sandbox.fetch('mail', `https://${HOST}/schedule/events`);
    if (status !== 200) failures.push(`the gateway answers a good client with ${status}`);
  } catch (error) {
    failures.push(`the gateway answers a good client no more: ${error}`);
  } finally {
    await sandbox.close();
  }
  console.log(`the gateway: ${count} connections`);
  return failures;
}

/** Sends the octets, and waits until the gateway closes the connection or says nothing more. */
async function exchange(socket: ReturnType<typeof connectTcp>, octets: Buffer | string): Promise<void> {
  const closed = once(socket, 'close').catch(() => undefined);
  socket.on('error', () => undefined).on('data', () => undefined);
  socket.setTimeout(PATIENCE, () => socket.destroy());
  socket.end(octets);
  await closed;
}

/** The first octets that a client of Node.js sends. */
async function clientHello(): Promise<Buffer> {
  const { createServer } = await import('node:net');
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  const client = connectTls({ port, host: '127.0.0.1', servername: HOST }).on('error', () => undefined);
  const [socket] = await once(server, 'connection');
  const [hello] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return hello;
}
