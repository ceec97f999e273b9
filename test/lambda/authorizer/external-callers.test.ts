import type { X509Certificate } from 'node:crypto';
import {
  ExternalCallers,
  type ExternalReader,
  type ExternalStanding,
} from '../../../lambda/authorizer/external-callers';
import { MEMORY_MS } from '../../../lambda/authorizer/memory';
import { type CertificateIdentityKind, identitiesOf } from '../../../pki/certificate-identity';
import { identityId, type RegistryIdentity } from '../../../registry/records';
import { type Authority, createClient, createRoot, createSubordinate } from '../../pki/authorities';

const BILLING = 'spiffe://mesh.example.com/billing';
const FOREIGN = 'spiffe://partner.example.com/billing';

describe('a caller with a certificate of another authority', () => {
  let partner: Authority;
  let shown: X509Certificate;
  /** By id. */
  let identities: Map<string, Partial<RegistryIdentity>>;
  let clients: Map<string, ExternalStanding>;
  let readings: string[];
  let failure: Error | undefined;
  let now: number;
  let callers: ExternalCallers;

  const registry: ExternalReader = {
    async readIdentities(ids) {
      readings.push('identities');
      if (failure) throw failure;
      return ids.flatMap((id) => identities.get(id) ?? []);
    },
    async readExternalClient(clientName) {
      readings.push(`client ${clientName}`);
      return clients.get(clientName);
    },
  };
  /** Lets the certificate of that kind of identity and that issuer stand for a client. */
  const register = (
    kind: CertificateIdentityKind,
    { certificate = shown, authority = partner, clientName = 'billing' } = {},
  ) => {
    const identity = identitiesOf(certificate).find((each) => each.kind === kind);
    if (identity === undefined) throw new Error(`no ${kind}`);
    identities.set(identityId(authority.certificate.subject, identity), { clientName, authority: authority.pem });
  };
  const identityOf = (certificate = shown) => callers.identityOf(certificate);

  beforeAll(async () => {
    partner = await createRoot('Partner Root');
    shown = (await createClient(partner, 'billing', { uris: [FOREIGN] })).certificate;
  });
  beforeEach(() => {
    identities = new Map();
    clients = new Map([['billing', { spiffeId: BILLING, state: 'ENABLED', trustAnchor: 'partner' }]]);
    readings = [];
    failure = undefined;
    now = Date.parse('2026-11-22T12:00:00Z');
    callers = new ExternalCallers('mesh.example.com', registry, () => new Date(now));
  });

  test.each(['SPIFFE_ID', 'SUBJECT', 'FINGERPRINT'] as const)(
    'is known by %s, under the mesh’s own name',
    async (kind) => {
      register(kind);

      await expect(identityOf()).resolves.toEqual({
        clientName: 'billing',
        spiffeId: BILLING,
        serialNumber: shown.serialNumber,
        fingerprint: shown.fingerprint256,
      });
      expect(readings).toEqual(['identities', 'client billing']);
    },
  );

  test('is known by the authority below a root that signed it', async () => {
    const issuing = await createSubordinate(partner, 'Partner Issuing');
    const { certificate } = await createClient(issuing, 'billing', { uris: [] });
    register('SUBJECT', { certificate, authority: issuing });

    await expect(identityOf(certificate)).resolves.toMatchObject({ clientName: 'billing' });
    // The root is somebody else than the authority below it.
    await expect(identityOf((await createClient(partner, 'billing', { uris: [] })).certificate)).rejects.toThrow(
      'stands for no client',
    );
  });

  test('is nobody when the registry knows nothing of the certificate', async () => {
    await expect(identityOf()).rejects.toMatchObject({
      message: 'certificate of another authority that stands for no client',
      subject: shown.subject,
      serialNumber: shown.serialNumber,
    });
    expect(readings).toEqual(['identities']);
  });

  test('is nobody with the same names from another authority', async () => {
    register('SUBJECT');
    register('SPIFFE_ID');
    const other = await createRoot('Other Root');

    await expect(identityOf((await createClient(other, 'billing', { uris: [FOREIGN] })).certificate)).rejects.toThrow(
      'stands for no client',
    );
  });

  test('is nobody with the same names from an authority of the same name', async () => {
    register('SUBJECT');
    register('SPIFFE_ID');
    const impostor = await createRoot('Partner Root');
    const forged = (await createClient(impostor, 'billing', { uris: [FOREIGN] })).certificate;
    expect(forged.issuer).toBe(shown.issuer);

    await expect(identityOf(forged)).rejects.toThrow('stands for no client');
  });

  test('is nobody when what is stored as authority is none', async () => {
    const { pem, certificate } = await createClient(partner, 'Partner Root');
    const authority = { ...partner, pem, certificate };
    const identity = identitiesOf(shown).find(({ kind }) => kind === 'SUBJECT');
    if (identity)
      identities.set(identityId(shown.issuer, identity), { clientName: 'billing', authority: authority.pem });

    await expect(identityOf()).rejects.toThrow('stands for no client');
  });

  test.each<[string, Partial<RegistryIdentity>]>([
    ['no client', { clientName: undefined as never }],
    ['an empty client', { clientName: '' }],
    ['no authority', { authority: undefined as never }],
    ['an empty authority', { authority: '' }],
  ])('is nobody by an item with %s', async (_case, spoilt) => {
    register('SUBJECT');
    for (const [id, identity] of identities) identities.set(id, { ...identity, ...spoilt });

    await expect(identityOf()).rejects.toThrow('stands for no client');
  });

  test('is refused when the stored authority can’t be read', async () => {
    register('SUBJECT');
    for (const [id, identity] of identities) identities.set(id, { ...identity, authority: 'PEM' });

    await expect(identityOf()).rejects.toThrow();
  });

  test('is refused when the certificate stands for two clients, each known', async () => {
    clients.set('other', { spiffeId: 'spiffe://mesh.example.com/other', state: 'ENABLED', trustAnchor: 'partner' });
    register('SUBJECT');
    register('SPIFFE_ID', { clientName: 'other' });

    await expect(identityOf()).rejects.toThrow(/^certificate stands for several clients: /);
  });

  test('may be known by more than one identity, all of one client', async () => {
    register('SUBJECT');
    register('FINGERPRINT');

    await expect(identityOf()).resolves.toMatchObject({ clientName: 'billing' });
  });

  test.each<[string, ExternalStanding | undefined]>([
    ['client billing not in the registry', undefined],
    ['client billing not in the registry', { spiffeId: '', state: 'ENABLED', trustAnchor: 'partner' }],
    [
      'client billing not in the registry',
      { spiffeId: 'spiffe://other.example.com/billing', state: 'ENABLED', trustAnchor: 'partner' },
    ],
    [
      'client billing has certificates of the mesh only',
      { spiffeId: BILLING, state: 'ENABLED', trustAnchor: undefined },
    ],
    ['client billing has certificates of the mesh only', { spiffeId: BILLING, state: 'ENABLED', trustAnchor: '' }],
    ['client billing disabled', { spiffeId: BILLING, state: 'DISABLED', trustAnchor: 'partner' }],
    ['client billing disabled', { spiffeId: BILLING, state: undefined, trustAnchor: 'partner' }],
    ['client billing disabled', { spiffeId: BILLING, state: 'enabled', trustAnchor: 'partner' }],
  ])('is refused: %s (%j)', async (reason, standing) => {
    register('SUBJECT');
    if (standing) clients.set('billing', standing);
    else clients.clear();

    await expect(identityOf()).rejects.toThrow(reason);
  });

  test('is remembered for ten seconds, known or not', async () => {
    const stranger = (await createClient(partner, 'stranger', { uris: [] })).certificate;
    register('SUBJECT');
    for (let call = 0; call < 3; call++) {
      await identityOf();
      await expect(identityOf(stranger)).rejects.toThrow('stands for no client');
    }
    expect(readings).toEqual(['identities', 'client billing', 'identities']);

    now += MEMORY_MS;
    clients.set('billing', { spiffeId: BILLING, state: 'DISABLED', trustAnchor: 'partner' });
    await expect(identityOf()).rejects.toThrow('disabled');
  });

  test('is refused when the registry can’t be read, which is not remembered', async () => {
    register('SUBJECT');
    failure = new Error('slow');
    await expect(identityOf()).rejects.toThrow('slow');

    failure = undefined;
    await expect(identityOf()).resolves.toMatchObject({ clientName: 'billing' });
  });

  test('is forgotten when others called since, so that memory has an end', async () => {
    callers = new ExternalCallers('mesh.example.com', registry, () => new Date(now), 2);
    register('SUBJECT');
    await identityOf();
    for (const name of ['a', 'b']) {
      const { certificate } = await createClient(partner, name, { uris: [] });
      await expect(identityOf(certificate)).rejects.toThrow();
    }
    readings = [];
    await identityOf();

    expect(readings).toEqual(['identities', 'client billing']);
  });
});
