import type { LogEntry } from '../../../../aws/cloudwatch';
import { ExternalClientResource } from '../../../../lambda/certificate-issuer/external/external-client-resource';
import type { ExternalClientProperties } from '../../../../mesh/custom-resources';
import { identityId } from '../../../../registry/records';
import { MemoryObjects } from '../../../aws/memory-objects';
import { type Authority, createClient, createRoot, createSubordinate, validFor } from '../../../pki/authorities';
import { MemoryRegistry } from '../../../registry/memory-registry';
import { createRequest } from '../../custom-resource/requests';
import { FAULTS, FaultyCalls } from '../faults';

const NOW = '2026-11-22T12:00:00.000Z';
const FOREIGN = 'spiffe://partner.example.com/billing';
const signal = new AbortController().signal;

describe('an external client', () => {
  let partner: Authority;
  let issuing: Authority;
  let other: Authority;
  let registry: MemoryRegistry;
  let objects: MemoryObjects;
  let logs: LogEntry[];

  const properties = (changed: Partial<Record<keyof ExternalClientProperties, unknown>> = {}) => ({
    ServiceToken: 'arn:aws:lambda:eu-central-1:111122223333:function:issuer',
    SpiffeId: 'spiffe://mesh.example.com/billing',
    TrustAnchorName: 'partner',
    TrustAnchor: { Pem: issuing.pem + partner.pem },
    IdentityKind: 'SPIFFE_ID',
    IdentityValue: FOREIGN,
    ...changed,
  });
  const request = (changed: Parameters<typeof properties>[0] = {}, logicalResourceId = 'Billing') =>
    createRequest({ logicalResourceId, recordedAt: new Date(NOW), properties: properties(changed) });
  const resource = (around = registry) =>
    new ExternalClientResource({
      trustDomain: 'mesh.example.com',
      registry: around,
      objects,
      log: (entry) => void logs.push(entry),
    });
  const id = (authority: Authority, kind: ExternalClientProperties['IdentityKind'], value: string) =>
    identityId(authority.certificate.subject, { kind, value });
  const ids = (...authorities: Authority[]) =>
    authorities.map((authority) => id(authority, 'SPIFFE_ID', FOREIGN)).sort();

  beforeAll(async () => {
    partner = await createRoot('Partner Root');
    issuing = await createSubordinate(partner, 'Partner Issuing', { validity: validFor(100) });
    other = await createRoot('Other Root');
  });
  beforeEach(() => {
    registry = new MemoryRegistry();
    objects = new MemoryObjects();
    logs = [];
  });

  test('is registered, and led to by its identity with each authority of the anchor', async () => {
    await expect(resource().apply(request(), signal)).resolves.toEqual({});

    expect(registry.externalClients.get('billing')).toEqual({
      clientName: 'billing',
      spiffeId: 'spiffe://mesh.example.com/billing',
      state: 'ENABLED',
      trustAnchor: 'partner',
      identityKind: 'SPIFFE_ID',
      identityValue: FOREIGN,
      authoritiesNotAfter: new Date(issuing.certificate.validTo).toISOString(),
      identityIds: [id(issuing, 'SPIFFE_ID', FOREIGN), id(partner, 'SPIFFE_ID', FOREIGN)],
      registeredBy:
        'arn:aws:cloudformation:eu-central-1:111122223333:stack/mesh/11111111-2222-3333-4444-555555555555 Billing',
      registeredRevision: Date.parse(NOW),
      updatedAt: NOW,
      updatedBy: 'deployment',
    });
    for (const authority of [issuing, partner]) {
      expect(registry.identities.get(id(authority, 'SPIFFE_ID', FOREIGN))).toEqual({
        clientName: 'billing',
        authority: authority.pem,
        authorityNotAfter: new Date(authority.certificate.validTo).toISOString(),
      });
    }
    expect(registry.identities.size).toBe(2);
  });

  test('has its identity in one spelling', async () => {
    const fingerprint = issuing.certificate.fingerprint256;
    await resource().apply(request({ IdentityKind: 'SUBJECT', IdentityValue: 'UID=7+CN=M\\C3\\BCller,C=DE' }), signal);
    expect(registry.identities.has(id(partner, 'SUBJECT', 'CN=M\u00fcller+UID=7,C=DE'))).toBe(true);

    const lower = { IdentityKind: 'FINGERPRINT', IdentityValue: fingerprint.toLowerCase() };
    await resource().apply(request(lower), signal);
    expect(registry.identities.has(id(partner, 'FINGERPRINT', fingerprint))).toBe(true);
    expect(registry.identities.size).toBe(2);
  });

  test('has its anchor read from an object', async () => {
    objects.texts.set('partners partner.pem v7', `by hand\n${partner.pem}`);

    const TrustAnchor = { BucketName: 'partners', ObjectKey: 'partner.pem', VersionId: 'v7' };
    await resource().apply(request({ TrustAnchor }), signal);

    expect([...registry.identities.keys()]).toEqual(ids(partner));
    expect(registry.identities.get(id(partner, 'SPIFFE_ID', FOREIGN))?.authority).toBe(partner.pem);
  });

  test('stays disabled when it is registered anew', async () => {
    await resource().apply(request(), signal);
    const known = registry.externalClients.get('billing');
    if (known) registry.externalClients.set('billing', { ...known, state: 'DISABLED' });

    await resource().apply(request({ TrustAnchor: { Pem: other.pem } }), signal);

    expect(registry.externalClients.get('billing')).toMatchObject({ state: 'DISABLED' });
  });

  test('keeps what stays and loses the rest when the anchor changes', async () => {
    await resource().apply(request(), signal);
    const kept = id(partner, 'SPIFFE_ID', FOREIGN);
    const remove = jest.spyOn(registry, 'removeIdentity');

    await resource().apply(request({ TrustAnchor: { Pem: partner.pem + other.pem } }), signal);

    expect([...registry.identities.keys()].sort()).toEqual(ids(partner, other));
    expect(remove.mock.calls.map(([removed]) => removed)).toEqual([id(issuing, 'SPIFFE_ID', FOREIGN)]);
    expect(registry.externalClients.get('billing')?.identityIds).toEqual([kept, id(other, 'SPIFFE_ID', FOREIGN)]);
  });

  test('is led to by the new before it is no longer by the old', async () => {
    await resource().apply(request(), signal);
    jest.spyOn(registry, 'removeIdentity').mockImplementation(async (removed) => {
      expect(registry.identities.has(id(other, 'SPIFFE_ID', FOREIGN))).toBe(true);
      expect(registry.externalClients.get('billing')?.identityIds).toContain(removed);
    });

    await resource().apply(request({ TrustAnchor: { Pem: other.pem } }), signal);

    expect.assertions(4);
  });

  test('does not take the identity of another client', async () => {
    await resource().apply(request(), signal);

    await expect(
      resource().apply(request({ SpiffeId: 'spiffe://mesh.example.com/thief' }, 'Thief'), signal),
    ).rejects.toThrow(
      `SPIFFE_ID "${FOREIGN}" of "O=Example, CN=Partner Issuing" already identifies client billing, and can't identify thief as well`,
    );
    await resource().remove(request({ SpiffeId: 'spiffe://mesh.example.com/thief' }, 'Thief'), signal);

    expect(registry.externalClients.size).toBe(1);
    expect([...registry.identities.values()].map(({ clientName }) => clientName)).toEqual(['billing', 'billing']);
  });

  test('goes with all that leads to it, and again without harm', async () => {
    await resource().apply(request(), signal);

    await resource().remove(request(), signal);
    await resource().remove(request(), signal);

    expect([registry.externalClients.size, registry.identities.size]).toEqual([0, 0]);
  });

  test('is not taken over by another resource, and outlives the rollback that deletes that one', async () => {
    await resource().apply(request(), signal);
    const moved = request({ TrustAnchor: { Pem: other.pem } }, 'Moved');

    await expect(resource().apply(moved, signal)).rejects.toThrow(
      /^client billing is already declared by the resource arn:aws:cloudformation:\S+ Billing: remove that resource in an earlier deployment$/,
    );
    await resource().remove(moved, signal);
    expect(registry.externalClients.size).toBe(1);
    expect([...registry.identities.keys()].sort()).toEqual(ids(issuing, partner));

    await resource().remove(request(), signal);
    await resource().apply(moved, signal);
    expect([...registry.identities.keys()]).toEqual(ids(other));
  });

  test('keeps its identities when a removal runs again after it was added again', async () => {
    const addedAgain = { ...request(), recordedAt: new Date(Date.parse(NOW) + 1) };
    await resource().apply(addedAgain, signal);
    await resource().remove(request(), signal);
    expect([...registry.identities.keys()].sort()).toEqual(ids(issuing, partner));
  });

  test('outlives the deletion of a client of that name in another trust domain', async () => {
    await resource().apply(request(), signal);

    await resource().remove(request({ SpiffeId: 'spiffe://other.example.com/billing' }), signal);

    expect(registry.externalClients.size).toBe(1);
  });

  test('is identified by its name alone, and not as a client that the mesh issues for', () => {
    expect(resource().identify(properties())).toBe('external:spiffe://mesh.example.com/billing');
    expect(resource().identify({ SpiffeId: 'spiffe://mesh.example.com/billing' })).toBe(
      resource().identify(properties({ IdentityKind: 'SUBJECT' })),
    );
  });

  test.each<[string, Parameters<typeof properties>[0]]>([
    ['SpiffeId must be in the issuer', { SpiffeId: 'spiffe://other.example.com/billing' }],
    ['SpiffeId must be spiffe://', { SpiffeId: 'billing' }],
    ['SpiffeId must be a string', { SpiffeId: undefined }],
    ['TrustAnchorName must be a DNS label', { TrustAnchorName: 'Partner\n' }],
    ['TrustAnchorName must be a string', { TrustAnchorName: undefined }],
    ['TrustAnchor must have a Pem, or', { TrustAnchor: undefined }],
    ['IdentityKind must be one of', { IdentityKind: 'ISSUER' }],
    ['IdentityKind must be one of', { IdentityKind: ['SUBJECT'] }],
    ['IdentityValue must be a SPIFFE ID', { IdentityValue: '*' }],
    ['IdentityValue must be a string', { IdentityValue: undefined }],
    ["IdentityValue must not be in the mesh's own trust domain", { IdentityValue: 'spiffe://mesh.example.com/mail' }],
    ["IdentityValue must not be in the mesh's own trust domain", { IdentityValue: 'spiffe://mesh.example.com/a/b' }],
    ['IdentityValue must be a subject', { IdentityKind: 'SUBJECT', IdentityValue: 'billing' }],
    ['IdentityValue must be 32 hexadecimal pairs', { IdentityKind: 'FINGERPRINT', IdentityValue: 'AB' }],
  ])('is refused: %s', async (rule, changed) => {
    await expect(resource().apply(request(changed), signal)).rejects.toThrow(rule);
    expect(registry.externalClients.size).toBe(0);
  });

  test.each<[string, () => Promise<string>]>([
    ['^trust anchor partner contains the certificate "', async () => (await createClient(partner, 'leaf')).pem],
    ['which is not a CA certificate$', async () => partner.pem + (await createClient(partner, 'leaf')).pem],
    ['cannot be read: there is no PEM block', async () => 'nothing'],
    [
      'cannot be read: the text contains a private key',
      async () => `${partner.pem}${partner.privateKey.export({ format: 'pem', type: 'pkcs8' })}`,
    ],
  ])('is refused with an anchor that is none: %s', async (rule, pem) => {
    const refused = resource().apply(request({ TrustAnchor: { Pem: await pem() } }), signal);

    await expect(refused).rejects.toThrow(new RegExp(rule));
    await expect(refused).rejects.not.toThrow(/MI[IGM]/);
    expect(registry.externalClients.size).toBe(0);
  });

  describe.each(FAULTS)('when a call fails, %s', (fault) => {
    const run = async (at: number, work: (client: ExternalClientResource) => Promise<unknown>) => {
      const calls = new FaultyCalls(at, fault);
      await work(resource(calls.around(registry))).catch(() => undefined);
      return calls.count;
    };

    test('a change that is tried again leaves nothing of the old, and the kept identity good throughout', async () => {
      const changed = request({ TrustAnchor: { Pem: partner.pem + other.pem } });
      for (let at = 1, calls = at; at <= calls; at++) {
        registry = new MemoryRegistry();
        await resource().apply(request(), signal);

        calls = await run(at, (client) => client.apply(changed, signal));
        expect(registry.identities.get(id(partner, 'SPIFFE_ID', FOREIGN))?.clientName).toBe('billing');
        await resource().apply(changed, signal);

        expect([...registry.identities.keys()].sort()).toEqual(ids(partner, other));
        expect([...(registry.externalClients.get('billing')?.identityIds ?? [])].sort()).toEqual(ids(partner, other));
      }
      expect.hasAssertions();
    });

    test('a change that is rolled back leaves nothing of the new', async () => {
      const changed = request({ IdentityKind: 'SUBJECT', IdentityValue: 'CN=billing' });
      for (let at = 1, calls = at; at <= calls; at++) {
        registry = new MemoryRegistry();
        await resource().apply(request(), signal);

        calls = await run(at, (client) => client.apply(changed, signal));
        await resource().apply(request(), signal);

        expect([...registry.identities.keys()].sort()).toEqual(ids(issuing, partner));
      }
      expect.hasAssertions();
    });

    test('a removal of what was begun leaves nothing', async () => {
      for (let at = 1, calls = at; at <= calls; at++) {
        registry = new MemoryRegistry();
        calls = await run(at, (client) => client.apply(request(), signal));
        await run(at, (client) => client.remove(request(), signal));
        await resource().remove(request(), signal);

        expect([registry.externalClients.size, registry.identities.size]).toEqual([0, 0]);
      }
      expect.hasAssertions();
    });
  });

  test('is written once by a deployment that changes nothing', async () => {
    await resource().apply(request(), signal);
    const register = jest.spyOn(registry, 'registerExternalClient');

    await resource().apply(request(), signal);

    expect(register).toHaveBeenCalledTimes(1);
  });

  test('tells the log when it is removed', async () => {
    await resource().apply(request(), signal);
    logs = [];

    await resource().remove(request(), signal);

    expect(logs).toEqual([{ event: 'external-client-removed', client: 'billing' }]);
  });

  test('tells the log who it is and nothing that is long', async () => {
    await resource().apply(request(), signal);

    expect(logs).toEqual([
      {
        event: 'external-client-registered',
        client: 'billing',
        trustAnchor: 'partner',
        identity: { kind: 'SPIFFE_ID', value: FOREIGN },
        removed: 0,
      },
    ]);
  });
});
