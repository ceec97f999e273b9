import { revokeCertificates } from '../../bin/revoke/revoke-certificates';
import type { CallFaultKind, Sandbox } from '../../sandbox';
import { meshOf } from './invariants';
import { deployed, removeAssemblies, statusFor } from './mesh';

const SECOND = 1_000;
/** The defaults of the mesh. */
const REVOCATION_DELAY = 5 * SECOND;
const OUTAGE_TOLERANCE = 60 * SECOND;

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await deployed({ mail: [], social: [], calendar: [] });
});
afterEach(() => sandbox.close());
afterAll(removeAssemblies);

/** Takes the registry away from the authorizer. With `slow`, DynamoDB answers too late. */
function cutOff(fault: CallFaultKind) {
  const match = ({ principal }: { readonly principal?: string | undefined }) =>
    principal?.includes('Authorizer') ?? false;
  const delay = fault === 'slow' ? { delay: 5 * SECOND } : {};
  return sandbox.inject({ service: 'dynamodb', operation: 'BatchGetItem', fault, match, ...delay });
}

const linesOfAuthorizer = () =>
  Object.entries(sandbox.logs()).flatMap(([group, lines]) => (group.includes('GatewayAuthorizer') ? lines : []));

test.each<CallFaultKind>(['failed-before', 'throttled', 'slow'])(
  'the clients that the authorizer knows lose no request in 30 seconds without the registry, %s',
  async (fault) => {
    expect([await statusFor(sandbox, 'mail'), await statusFor(sandbox, 'social')]).toEqual([200, 200]);
    const revoked = await sandbox.clientSecret('social');
    await revokeCertificates(meshOf(sandbox), 'social', { kind: 'all' }, 'KEY_COMPROMISE');
    await sandbox.advance(REVOCATION_DELAY);
    expect(await statusFor(sandbox, revoked)).toBe(403);

    const outage = cutOff(fault);
    const end = sandbox.now.getTime() + 30 * SECOND;
    const statuses = new Map<string, Set<number>>([
      ['mail', new Set()],
      ['social', new Set()],
    ]);
    let rounds = 0;
    for (; sandbox.now.getTime() < end; rounds++) {
      statuses.get('mail')?.add(await statusFor(sandbox, 'mail'));
      statuses.get('social')?.add(await statusFor(sandbox, revoked));
      await sandbox.advance(SECOND);
    }
    expect(rounds).toBeGreaterThan(1);
    expect(statuses).toEqual(
      new Map([
        ['mail', new Set([200])],
        ['social', new Set([403])],
      ]),
    );
    expect(await statusFor(sandbox, 'calendar')).toBe(500);
    expect(outage.applied).toBeGreaterThan(0);
    expect(linesOfAuthorizer().join('\n')).toContain('"RegistryUnavailable":1');

    outage.remove();
    expect([await statusFor(sandbox, 'mail'), await statusFor(sandbox, 'calendar')]).toEqual([200, 200]);
    expect(await statusFor(sandbox, revoked)).toBe(403);
  },
);

test('the authorizer looks a known client up again at most once in five seconds', async () => {
  await statusFor(sandbox, 'mail');
  await sandbox.advance(REVOCATION_DELAY);
  const outage = cutOff('failed-before');
  for (let round = 0; round < 20; round++) {
    expect(await statusFor(sandbox, 'mail')).toBe(200);
    await sandbox.advance(SECOND);
  }
  // Of the client, and of the grants that all clients have.
  const [reads, attempts] = [2, 3];
  expect(outage.applied).toBeLessThanOrEqual(reads * attempts * 5);
});

test('after the tolerance, a client that was known gets 500, and 200 when the registry is back', async () => {
  await statusFor(sandbox, 'mail');
  const outage = cutOff('failed-before');
  await sandbox.advance(REVOCATION_DELAY + OUTAGE_TOLERANCE - 5 * SECOND);
  expect(await statusFor(sandbox, 'mail')).toBe(200);
  await sandbox.advance(5 * SECOND);
  expect(await statusFor(sandbox, 'mail')).toBe(500);

  outage.remove();
  expect(await statusFor(sandbox, 'mail')).toBe(200);
});

test('a revocation takes effect with the first lookup after the outage', async () => {
  await statusFor(sandbox, 'mail');
  const held = await sandbox.clientSecret('mail');
  const outage = cutOff('failed-before');
  await sandbox.advance(REVOCATION_DELAY);
  await revokeCertificates(meshOf(sandbox), 'mail', { kind: 'all' }, 'KEY_COMPROMISE');
  expect(await statusFor(sandbox, held)).toBe(200);

  outage.remove();
  await sandbox.advance(REVOCATION_DELAY);
  expect(await statusFor(sandbox, held)).toBe(403);
});
