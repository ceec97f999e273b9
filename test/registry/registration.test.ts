import type { AwsConnection } from '../../aws/connection';
import { functionConnection } from '../../aws/connection';
import { sendHttpRequest } from '../../aws/http-request';
import type { ClientProfile, ExternalClientProfile } from '../../registry/client-kinds';
import { Registry } from '../../registry/registry';
import { DynaliteTable } from './dynalite-table';

const TableName = 'mtls-mesh.mesh.example.com';
const [FIRST, SECOND, THIRD] = ['2026-11-22T12:00:00.000Z', '2026-11-22T12:01:00.000Z', '2026-11-22T12:02:00.000Z'];
const CHANGED = 'a later request has changed client mail, so nothing changes';
const signal = new AbortController().signal;

const issued: ClientProfile = {
  clientName: 'mail',
  spiffeId: 'spiffe://mesh.example.com/mail',
  dnsNames: [],
  keyAlgorithm: 'EC_prime256v1',
  validityHours: 168,
  certificateAuthorityArn: 'arn:aws:acm-pca:eu-central-1:111122223333:certificate-authority/1',
  signingAlgorithm: 'SHA256WITHECDSA',
  requesters: ['app', 'former'],
  declaredBy: 'stack Mail',
  updatedAt: FIRST,
  updatedBy: 'deployment',
};
const external: ExternalClientProfile = {
  clientName: 'mail',
  spiffeId: 'spiffe://mesh.example.com/mail',
  trustAnchor: 'partner',
  identityKind: 'SUBJECT',
  identityValue: 'CN=mail',
  authoritiesNotAfter: '2027-11-22T12:00:00.000Z',
  identityIds: ['0a', '0b'],
  registeredBy: 'stack Mail',
  updatedAt: FIRST,
  updatedBy: 'deployment',
};

/** Requests for a client of one kind, each with the time at which it was recorded. */
const KINDS = {
  issued: {
    register: (registry: Registry, updatedAt: string, granted = ['app', 'former']) =>
      registry.registerClient({ ...issued, updatedAt, requesters: granted }, updatedAt !== FIRST, signal),
    remove: (registry: Registry, at: string) => registry.removeClient('mail', 'stack Mail', at, signal),
    granted: async (registry: Registry) => (await registry.getClient('mail', signal))?.requesters,
  },
  external: {
    register: (registry: Registry, updatedAt: string, granted = ['app', 'former']) =>
      registry.registerExternalClient({ ...external, updatedAt, identityIds: granted }, updatedAt !== FIRST, signal),
    remove: (registry: Registry, at: string) => registry.removeExternalClient('mail', 'stack Mail', at, signal),
    granted: async (registry: Registry) => (await registry.getExternalClient('mail', signal))?.identityIds,
  },
};

describe.each(['issued', 'external'] as const)('an earlier request for an %s client', (kind) => {
  const { register, remove, granted } = KINDS[kind];
  let table: DynaliteTable;
  let registry: Registry;

  beforeEach(async () => {
    table = await DynaliteTable.open(TableName);
    registry = new Registry(TableName, functionConnection(process.env));
  });
  afterEach(() => table.close());

  /** A registry whose first call waits for other work. */
  const slow = (work: () => Promise<unknown>) => {
    let isFirst = true;
    const send: AwsConnection['send'] = async (...call) => {
      const waits = isFirst;
      isFirst = false;
      if (waits) await work();
      return sendHttpRequest(...call);
    };
    return new Registry(TableName, { ...functionConnection(process.env), send });
  };

  test('gives nothing back that a later one has taken away, also when both run at the same time', async () => {
    await register(registry, FIRST);
    const again = slow(() => register(registry, SECOND, ['app']));
    await expect(register(again, FIRST)).rejects.toThrow(CHANGED);
    await expect(register(registry, FIRST)).rejects.toThrow(CHANGED);
    await expect(granted(registry)).resolves.toEqual(['app']);
  });

  test('does not win over a later one if an operator has changed the client since', async () => {
    await register(registry, SECOND, ['app']);
    await registry.setClientState('mail', { state: 'DISABLED', updatedAt: FIRST, updatedBy: 'operator' }, signal);
    await expect(register(registry, FIRST)).rejects.toThrow(CHANGED);
    await expect(granted(registry)).resolves.toEqual(['app']);
  });

  test.each(['ENABLED', 'DISABLED'] as const)('brings no %s client back that is removed meanwhile', async (state) => {
    await register(registry, FIRST);
    await registry.setClientState('mail', { state, updatedAt: THIRD, updatedBy: 'operator' }, signal);
    const again = slow(() => remove(registry, SECOND));
    await expect(register(again, FIRST)).rejects.toThrow(CHANGED);
    await expect(granted(registry)).resolves.toBeUndefined();
  });

  test('removes no client that is added again meanwhile', async () => {
    await register(registry, FIRST);
    const again = slow(async () => {
      await remove(registry, SECOND);
      await register(registry, THIRD);
    });
    await expect(remove(again, SECOND)).resolves.toBe(false);
    await expect(remove(registry, SECOND)).resolves.toBe(false);
    await expect(granted(registry)).resolves.toEqual(['app', 'former']);
  });

  test('may run again, if there is no later one', async () => {
    await register(registry, FIRST);
    await expect(register(registry, FIRST, ['app'])).resolves.toBeUndefined();
    await expect(granted(registry)).resolves.toEqual(['app']);
    await expect(remove(registry, SECOND)).resolves.toBe(true);
    await expect(remove(registry, SECOND)).resolves.toBe(true);
    await expect(register(registry, THIRD)).resolves.toBeUndefined();
  });

  test('does not hold up a request for the other kind, which also keeps its own order', async () => {
    const other = KINDS[kind === 'issued' ? 'external' : 'issued'];
    await register(registry, THIRD);
    await expect(other.register(registry, SECOND)).resolves.toBeUndefined();
    await expect(remove(registry, THIRD)).resolves.toBe(true);
    await expect(register(registry, SECOND)).rejects.toThrow(CHANGED);
    await expect(other.remove(registry, THIRD)).resolves.toBe(true);
    await expect(register(registry, SECOND)).rejects.toThrow(CHANGED);
    await expect(other.register(registry, SECOND)).rejects.toThrow(CHANGED);
  });
});
