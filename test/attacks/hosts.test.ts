import { once } from 'node:events';
import { connect } from 'node:tls';
import { domainToASCII } from 'node:url';
import { type ClientSecret, Sandbox } from '../../sandbox';
import { attackedMesh, HOST, request, sendRaw } from './attacked-mesh';
import { attacks } from './attacks';

let sandbox: Sandbox;
let mail: ClientSecret;

beforeAll(async () => {
  sandbox = await Sandbox.deploy(attackedMesh());
  mail = await sandbox.clientSecret('mail');
});
afterAll(() => sandbox?.close());

const send = (octets: string, serverName = HOST) => sendRaw(sandbox, octets, { credentials: mail, serverName });
const EXECUTE_API = 'abcdef1234.execute-api.us-east-1.amazonaws.com';

attacks<string>(
  'server names of the handshake',
  [
    ['none', ''],
    ['of another domain', 'other.example.com'],
    ['of the execute-api endpoint', EXECUTE_API],
    ['of this machine', 'localhost'],
    ['of the parent domain', 'example.com'],
    ['of a domain below', `mail.${HOST}`],
    ['of a domain that begins like it', `${HOST}.example.net`],
    ['of a domain that ends like it', `x${HOST}`],
    ['with a wildcard', '*.example.com'],
    ['with a dot at the end', `${HOST}.`],
    ['with a port', `${HOST}:443`],
    ['with a path', `${HOST}/schedule`],
    ['of another script', domainToASCII('m\u0435sh.example.com')],
    ['of 255 characters', 'x'.repeat(255)],
  ],
  // API Gateway itself refuses these in the handshake, and the sandbox's gateway stands in for it.
  async (serverName) => {
    const outcome = await send(request('/schedule'), serverName);
    expect(outcome).toEqual({ isConnected: false, status: undefined, statuses: [], seen: [] });
  },
);

test('a server name in other case is the same domain (RFC 6066, section 3)', async () => {
  expect((await send(request('/schedule'), HOST.toUpperCase())).status).toBe(200);
});

// API Gateway speaks HTTP/2 as well. The sandbox's gateway doesn't, and so doesn't stand in for attacks by its frames.
test('a client that speaks nothing but HTTP/2 is refused in the handshake', async () => {
  const { certificate, certificateChain, privateKey } = mail;
  const socket = connect({
    host: '127.0.0.1',
    port: sandbox.gatewayPort,
    servername: HOST,
    ca: sandbox.serverAuthority,
    cert: certificate + certificateChain,
    key: privateKey,
    ALPNProtocols: ['h2'],
  });
  await expect(once(socket, 'secureConnect')).rejects.toThrow(/no application protocol/);
});

attacks<readonly string[]>(
  'hosts that are not the domain of the handshake',
  [
    ['none', []],
    ['none, in an empty header', ['Host:']],
    ['another', ['Host: other.example.com']],
    ['the execute-api endpoint', [`Host: ${EXECUTE_API}`]],
    ['this machine', ['Host: localhost']],
    ['an IPv4 address', ['Host: 127.0.0.1']],
    ['an IPv6 address', ['Host: [::1]']],
    ['the number of an address', ['Host: 2130706433']],
    ['a domain below', [`Host: mail.${HOST}`]],
    ['the domain with a dot at the end', [`Host: ${HOST}.`]],
    ['the domain and another', [`Host: ${HOST}`, 'Host: other.example.com']],
    ['another and the domain', ['Host: other.example.com', `Host: ${HOST}`]],
    ['the domain twice', [`Host: ${HOST}`, `Host: ${HOST}`]],
    ['the domain and another in one', [`Host: ${HOST}, other.example.com`]],
    ['the domain as a user', [`Host: ${HOST}@other.example.com`]],
    ['the domain with a user', [`Host: mail@${HOST}`]],
    ['the domain with a path', [`Host: ${HOST}/users`]],
    ['the domain with a port that is none', [`Host: ${HOST}:x`]],
    ['the domain with two ports', [`Host: ${HOST}:443:443`]],
    ['only by X-Forwarded-Host', ['Host: other.example.com', `X-Forwarded-Host: ${HOST}`]],
    ['a space before the colon', [`Host : ${HOST}`]],
  ],
  // API Gateway itself refuses these, and the sandbox's gateway stands in for it.
  async (host) => {
    const { status, seen } = await send(request('/schedule', [], { host }));
    expect([
      [400, []],
      [403, []],
    ]).toContainEqual([status, seen]);
  },
);

attacks<string>(
  'targets',
  [
    ['an absolute target of another host', request('https://other.example.com/schedule')],
    ['an absolute target of the domain', request(`https://${HOST}/schedule`)],
    ['a target without a scheme', request('//other.example.com/schedule')],
    ['a target that is no path', request('schedule')],
    ['a query only', request('?x')],
    ['a fragment only', request('#/schedule')],
    ['the whole server', request('*', [], { method: 'OPTIONS' })],
    ['nothing', request('')],
  ],
  // API Gateway itself refuses these, and the sandbox's gateway stands in for it.
  async (octets) => {
    const { status, seen } = await send(octets);
    expect(seen).toEqual([]);
    expect([400, 403, 404]).toContain(status);
  },
);
