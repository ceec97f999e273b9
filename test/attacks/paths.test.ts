import { type ClientSecret, Sandbox } from '../../sandbox';
import { attackedMesh, HOST, request, sendRaw } from './attacked-mesh';
import { attacks, type Shape } from './attacks';

let sandbox: Sandbox;
let mail: ClientSecret;

beforeAll(async () => {
  sandbox = await Sandbox.deploy(attackedMesh());
  mail = await sandbox.clientSecret('mail');
});
afterAll(() => sandbox?.close());

const send = (octets: string, serverName = HOST) => sendRaw(sandbox, octets, { credentials: mail, serverName });

test('a good request reaches the service, as its caller', async () => {
  const { status, seen } = await send(request('/schedule/events'));
  expect([status, seen.map(({ clientName, path }) => [clientName, path])]).toEqual([
    200,
    [['mail', '/schedule/events']],
  ]);
});

/** Paths that a client of `schedule` may send to reach `users`, or what lies outside both. */
const DOTS = [
  '..',
  '%2e%2e',
  '.%2e',
  '%2E.',
  '%252e%252e',
  '%25252e%25252e',
  '..;',
  '..;x=1',
  '%2e%2e%3b',
  '.\u200b.',
  '\uff0e\uff0e',
];
const SLASHES = ['/', '%2f', '%5c', '\\', '%252f', '%255c', '//'];
const traversals = DOTS.flatMap((dots) =>
  SLASHES.map(
    (slash): Shape<string> => [`${dots} with ${slash}`, encodeLatin(`/schedule${slash}${dots}${slash}users/1`)],
  ),
);

attacks<string>('paths out of a service', traversals, async (path) => {
  const { seen } = await send(request(path));
  // A request that gets through belongs to the service that its decoded path names, and holds nothing to resolve further.
  for (const { path: found } of seen) {
    expect(found).toMatch(/^\/(schedule|users)(\/|$)/);
    expect(decodeURIComponent(found)).not.toMatch(/(^|[/\\])\.{1,2}([/\\;]|$)|\\|%2f|%5c/i);
  }
});

attacks<string>(
  'paths that are read in two ways',
  [
    ['an encoded question mark', '/schedule%3F/../users'],
    ['a doubly encoded question mark', '/schedule%253F/../users'],
    ['an encoded number sign', '/schedule/a%23/../../users'],
    ['an encoded null', '/schedule/a%00b'],
    ['an encoded line feed', '/schedule/a%0ab'],
    ['an encoded carriage return', '/schedule/a%0d%0ax-mesh-client-name:%20social'],
    ['an escape that is none', '/schedule/%zz'],
    ['an escape of one digit', '/schedule/%2'],
    ['an overlong slash', '/schedule/%c0%af..%c0%afusers'],
    ['a surrogate', '/schedule/%ed%a0%80'],
    ['an encoded delete', '/schedule/a%7fb'],
    ['a right-to-left override', '/schedule/%E2%80%AE..'],
  ],
  async (path) => {
    for (const { path: found } of (await send(request(path))).seen) {
      expect(found).toMatch(/^\/schedule/);
      expect(found).not.toMatch(/[?#\\\p{Cc}]|\.\./u);
    }
  },
);

function encodeLatin(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
