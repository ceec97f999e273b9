import type { X509Certificate } from 'node:crypto';
import { ExternalCallers } from '../../../lambda/authorizer/external-callers';
import { notAfterOf, notBeforeOf } from '../../../pki/certificate-fields';
import { type CertificateIdentityKind, identitiesOf } from '../../../pki/certificate-identity';
import { isIssuedBy } from '../../../pki/chain';
import type { ExternalClientFacts, RegistryLookup } from '../../../registry/lookup';
import { identityId, type RegistryIdentity } from '../../../registry/records';
import { type Authority, createClient, createPlain, createRoot, createSubordinate } from '../../pki/authorities';

const BILLING = 'spiffe://mesh.example.com/billing';
const REVOCATION_DELAY = 5_000;
const FOREIGN = 'spiffe://partner.example.com/billing';

describe('a caller with a certificate of another authority', () => {
  let partner: Authority;
  let shown: X509Certificate;
  /** By id. */
  let identities: Map<string, Partial<RegistryIdentity>>;
  let clients: Map<string, ExternalClientFacts['client']>;
  let readings: string[];
  let failure: Error | undefined;
  let now: number;
  let callers: ExternalCallers;

  const registry: Pick<RegistryLookup, 'findIdentities' | 'findExternalClient'> = {
    async findIdentities(ids) {
      readings.push('identities');
      if (failure) throw failure;
      return ids.flatMap((id) => identities.get(id) ?? []);
    },
    async findExternalClient(clientName) {
      readings.push(`client ${clientName}`);
      return { client: clients.get(clientName), grants: [] };
    },
  };
  const create = (capacity?: number) =>
    new ExternalCallers('mesh.example.com', registry, {
      times: { revocationDelay: REVOCATION_DELAY, outageTolerance: 60_000 },
      now: () => new Date(now),
      onUnavailable: () => {},
      ...(capacity !== undefined && { capacity }),
    });
  /** Lets the certificate of that kind of identity and that issuer stand for a client. */
  const register = (
    kind: CertificateIdentityKind,
    { certificate = shown, authority = partner, clientName = 'billing' } = {},
  ) => {
    const identity = identitiesOf(certificate).find((each) => each.kind === kind);
    if (identity === undefined) throw new Error(`no ${kind}`);
    identities.set(identityId(authority.certificate.subject, identity), { clientName, authority: authority.pem });
  };
  const identify = (certificate = shown) => {
    const validity = {
      notBefore: notBeforeOf(certificate).toISOString(),
      notAfter: notAfterOf(certificate).toISOString(),
    };
    return callers.identify({ kind: 'external', certificate, validity }).then(({ identity }) => identity);
  };

  beforeAll(async () => {
    partner = await createRoot('Partner Root');
    shown = (await createClient(partner, 'billing', { uris: [FOREIGN] })).certificate;
  });
  beforeEach(() => {
    identities = new Map();
    clients = new Map([['billing', { spiffeId: BILLING, state: 'ENABLED', trustAnchor: 'partner' }]]);
    readings = [];
    failure = undefined;
    now = Date.now();
    callers = create();
  });

  test.each(['SPIFFE_ID', 'SUBJECT', 'FINGERPRINT'] as const)(
    'is known by %s, under the mesh’s own name',
    async (kind) => {
      register(kind);

      await expect(identify()).resolves.toEqual({
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

    await expect(identify(certificate)).resolves.toMatchObject({ clientName: 'billing' });
    // The root is somebody else than the authority below it.
    await expect(identify((await createClient(partner, 'billing', { uris: [] })).certificate)).rejects.toThrow(
      'identifies no client',
    );
  });

  test('is nobody when the registry knows nothing of the certificate', async () => {
    await expect(identify()).rejects.toMatchObject({
      code: 'IDENTITY_UNKNOWN',
      certificate: { subject: shown.subject, serialNumber: shown.serialNumber },
    });
    expect(readings).toEqual(['identities']);
  });

  test('is nobody with the same names from another authority', async () => {
    register('SUBJECT');
    register('SPIFFE_ID');
    const other = await createRoot('Other Root');

    await expect(identify((await createClient(other, 'billing', { uris: [FOREIGN] })).certificate)).rejects.toThrow(
      'identifies no client',
    );
  });

  test('is nobody with the same names from an authority of the same name', async () => {
    register('SUBJECT');
    register('SPIFFE_ID');
    const impostor = await createRoot('Partner Root');
    const forged = (await createClient(impostor, 'billing', { uris: [FOREIGN] })).certificate;
    expect(forged.issuer).toBe(shown.issuer);

    await expect(identify(forged)).rejects.toThrow('identifies no client');
  });

  test('is nobody when the stored authority is none, although its name and key verify the certificate', async () => {
    const { pem, certificate } = await createPlain(partner, 'Partner Root', partner.privateKey);
    const identity = identitiesOf(shown).find(({ kind }) => kind === 'SUBJECT');
    if (identity) identities.set(identityId(shown.issuer, identity), { clientName: 'billing', authority: pem });
    expect(isIssuedBy(shown, certificate)).toBe(true);

    await expect(identify()).rejects.toThrow('identifies no client');
  });

  test.each<[string, Partial<RegistryIdentity>]>([
    ['no client', { clientName: undefined as never }],
    ['an empty client', { clientName: '' }],
    ['no authority', { authority: undefined as never }],
    ['an empty authority', { authority: '' }],
  ])('is nobody by an item with %s', async (_case, spoilt) => {
    register('SUBJECT');
    for (const [id, identity] of identities) identities.set(id, { ...identity, ...spoilt });

    await expect(identify()).rejects.toThrow('identifies no client');
  });

  test('is nobody when the stored authority can’t be read', async () => {
    register('SUBJECT');
    for (const [id, identity] of identities) identities.set(id, { ...identity, authority: 'PEM' });

    await expect(identify()).rejects.toMatchObject({ code: 'IDENTITY_UNKNOWN' });
  });

  test('is refused when the certificate stands for two clients, each known', async () => {
    clients.set('other', { spiffeId: 'spiffe://mesh.example.com/other', state: 'ENABLED', trustAnchor: 'partner' });
    register('SUBJECT');
    register('SPIFFE_ID', { clientName: 'other' });

    await expect(identify()).rejects.toThrow(/^the certificate identifies several clients: /);
    expect(readings).toEqual(['identities']);
  });

  test('may be known by more than one identity, all of one client', async () => {
    register('SUBJECT');
    register('FINGERPRINT');

    await expect(identify()).resolves.toMatchObject({ clientName: 'billing' });
  });

  test.each<[string, ExternalClientFacts['client']]>([
    ['CLIENT_UNKNOWN', undefined],
    ['CLIENT_UNKNOWN', { spiffeId: '', state: 'ENABLED', trustAnchor: 'partner' }],
    ['CLIENT_UNKNOWN', { spiffeId: 'spiffe://other.example.com/billing', state: 'ENABLED', trustAnchor: 'partner' }],
    ['CLIENT_UNKNOWN', { spiffeId: BILLING, state: 'ENABLED' }],
    ['CLIENT_UNKNOWN', { spiffeId: BILLING, state: 'ENABLED', trustAnchor: '' }],
    ['CLIENT_DISABLED', { spiffeId: BILLING, state: 'DISABLED', trustAnchor: 'partner' }],
    ['CLIENT_DISABLED', { spiffeId: BILLING, trustAnchor: 'partner' }],
    ['CLIENT_DISABLED', { spiffeId: BILLING, state: 'enabled', trustAnchor: 'partner' }],
  ])('is refused: %s (%j)', async (code, facts) => {
    register('SUBJECT');
    if (facts) clients.set('billing', facts);
    else clients.clear();

    await expect(identify()).rejects.toMatchObject({ code });
  });

  test('is refused outside of the certificate’s validity', async () => {
    register('SUBJECT');
    now = notAfterOf(shown).getTime() + 1;
    await expect(identify()).rejects.toMatchObject({ code: 'EXPIRED' });

    now = notBeforeOf(shown).getTime() - 1;
    await expect(identify()).rejects.toMatchObject({ code: 'NOT_YET_VALID' });
  });

  test('is remembered for the revocation delay, known or not', async () => {
    const stranger = (await createClient(partner, 'stranger', { uris: [] })).certificate;
    register('SUBJECT');
    for (let call = 0; call < 3; call++) {
      await identify();
      await expect(identify(stranger)).rejects.toThrow('identifies no client');
    }
    expect(readings).toEqual(['identities', 'client billing', 'identities']);

    now += REVOCATION_DELAY;
    clients.set('billing', { spiffeId: BILLING, state: 'DISABLED', trustAnchor: 'partner' });
    await expect(identify()).rejects.toMatchObject({ code: 'CLIENT_DISABLED' });
  });

  test('is not accepted when the registry can’t be read, which is not remembered', async () => {
    register('SUBJECT');
    failure = new Error('slow');
    await expect(identify()).rejects.toMatchObject({ name: 'RegistryUnavailableError', cause: failure });

    failure = undefined;
    await expect(identify()).resolves.toMatchObject({ clientName: 'billing' });
  });

  test('that was accepted stays so in an outage, until the certificate expires', async () => {
    register('SUBJECT');
    now = notAfterOf(shown).getTime() - 10_000;
    await identify();

    failure = new Error('slow');
    now += 9_000;
    await expect(identify()).resolves.toMatchObject({ clientName: 'billing' });
    now += 2_000;
    await expect(identify()).rejects.toMatchObject({ code: 'EXPIRED' });
  });

  test('is forgotten when others called since, so that memory has an end', async () => {
    callers = create(1);
    register('SUBJECT');
    const renewed = (await createClient(partner, 'billing', { uris: [] })).certificate;
    await identify();
    await identify(renewed);
    readings = [];
    await identify();

    expect(readings).toEqual(['identities', 'client billing']);
  });

  test('is not forgotten, however many strangers called since', async () => {
    callers = create(1);
    register('SUBJECT');
    await identify();
    for (const name of ['a', 'b']) {
      const { certificate } = await createClient(partner, name, { uris: [] });
      await expect(identify(certificate)).rejects.toThrow();
    }
    readings = [];
    await identify();

    expect(readings).toEqual([]);
  });
});
