import { type DynamoDBClient, PutItemCommand, ScanCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { functionConnection } from '../../aws/connection';
import { Table } from '../../aws/dynamodb';
import { sendHttpRequest } from '../../aws/http-request';
import type { ClientProfile, ExternalClientProfile } from '../../registry/client-kinds';
import { RegistryLookup } from '../../registry/lookup';
import { certificateKey, clientKey, type RegistryCertificate } from '../../registry/records';
import { Registry } from '../../registry/registry';
import { refusalOf } from '../../registry/status';
import type { RegistryRecord } from '../../registry/stored-records';
import { RegistrySurvey } from '../../registry/survey';
import { DynaliteTable } from './dynalite-table';

const TableName = 'mtls-mesh.mesh.example.com';
const signal = new AbortController().signal;
const MAIL = 'spiffe://mesh.example.com/mail';

const profile: ClientProfile = {
  clientName: 'mail',
  spiffeId: MAIL,
  secretId: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:mesh.example.com/mail-AbCdEf',
  dnsNames: ['mail.internal.example.com'],
  keyAlgorithm: 'EC_prime256v1',
  validityHours: 168,
  certificateAuthorityArn: 'arn:aws:acm-pca:eu-central-1:111122223333:certificate-authority/1',
  signingAlgorithm: 'SHA256WITHECDSA',
  declaredBy: 'stack Mail',
  updatedAt: '2026-11-22T12:00:00.000Z',
  updatedBy: 'deployment',
};

const certificate: RegistryCertificate = {
  clientName: 'mail',
  spiffeId: MAIL,
  serialNumber: '5A01',
  issuer: 'CN=Test Root',
  certificateArn: 'arn:aws:acm-pca:eu-central-1:111122223333:certificate-authority/1/certificate/1',
  certificateAuthorityArn: 'arn:aws:acm-pca:eu-central-1:111122223333:certificate-authority/1',
  fingerprint: 'AA:BB',
  notBefore: '2026-11-22T11:00:00.000Z',
  notAfter: '2026-11-29T12:00:00.000Z',
  authoritiesNotAfter: '2036-11-22T12:00:00.000Z',
  secretVersionId: 'v1',
  status: 'ISSUED',
  issuedAt: '2026-11-22T12:00:00.000Z',
  issuedBy: 'deployment',
  expiresAt: 1_803_556_800,
};

const REMOVED = '2026-11-24T00:00:00.000Z';
const ADDED_AGAIN = '2026-11-24T01:00:00.000Z';

const externalProfile: ExternalClientProfile = {
  clientName: 'mail',
  spiffeId: MAIL,
  trustAnchor: 'partner',
  identityKind: 'SUBJECT',
  identityValue: 'CN=mail,O=Partner',
  authoritiesNotAfter: '2030-01-01T00:00:00.000Z',
  identityIds: ['0a', '0b'],
  registeredBy: 'stack External',
  updatedAt: '2026-11-22T13:00:00.000Z',
  updatedBy: 'deployment',
};
const registeredExternal = { ...externalProfile, registeredRevision: Date.parse(externalProfile.updatedAt) };

describe('the registry in DynamoDB', () => {
  let table: DynaliteTable;
  let sdk: DynamoDBClient;
  let registry: Registry;
  let survey: RegistrySurvey;
  let lookup: RegistryLookup;

  beforeEach(async () => {
    table = await DynaliteTable.open(TableName);
    sdk = table.sdk;
    survey = new RegistrySurvey(TableName, functionConnection(process.env));
    registry = new Registry(TableName, functionConnection(process.env));
    lookup = new RegistryLookup(TableName, functionConnection(process.env));
  });
  afterEach(() => table.close());

  const items = async () => (await sdk.send(new ScanCommand({ TableName }))).Items ?? [];
  /** What the registry keeps. The rest of a removed client expires. */
  const kept = async () => (await items()).filter(({ expiresAt }) => expiresAt === undefined);
  const records = async (of: AsyncIterable<RegistryRecord> = survey.clients(signal)) => {
    const found: RegistryRecord[] = [];
    for await (const record of of) found.push(record);
    return found;
  };

  test('knows a client as it was registered last, enabled at first', async () => {
    await registry.registerClient({ ...profile, overlapHours: 6, validityHours: 24 }, false, signal);
    await expect(registry.getClient('mail', signal)).resolves.toMatchObject({ overlapHours: 6, validityHours: 24 });

    const { secretId: _, ...withoutSecret } = profile;
    const requesters = ['arn:aws:iam::111122223333:role/MailApp'];
    await registry.registerClient({ ...withoutSecret, requesters }, false, signal);
    await expect(registry.getClient('mail', signal)).resolves.toEqual({
      ...withoutSecret,
      requesters,
      state: 'ENABLED',
    });

    await registry.registerClient(profile, false, signal);

    await expect(registry.getClient('mail', signal)).resolves.toEqual({ ...profile, state: 'ENABLED' });
    await expect(registry.getClient('social', signal)).resolves.toBeUndefined();
  });

  test('keeps who asked for a certificate whose key is in no secret', async () => {
    const { secretVersionId: _, ...withoutVersion } = certificate;
    const requested: RegistryCertificate = {
      ...withoutVersion,
      issuedBy: 'request',
      requestedBy: 'arn:aws:iam::111122223333:role/MailApp',
      currentSince: certificate.issuedAt,
    };
    await registry.addCertificate(requested, signal);

    await expect(registry.getCertificate(certificate, signal)).resolves.toEqual(requested);
  });

  test('writes clients and certificates as the contract says', async () => {
    await registry.registerClient(profile, false, signal);
    await registry.addCertificate(certificate, signal);

    expect(await items()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          partitionKey: { S: 'CLIENT#mail' },
          sortKey: { S: 'CLIENT' },
          state: { S: 'ENABLED' },
          dnsNames: { L: [{ S: 'mail.internal.example.com' }] },
          validityHours: { N: '168' },
        }),
        expect.objectContaining({
          partitionKey: { S: 'CLIENT#mail' },
          sortKey: { S: 'CERTIFICATE#AA:BB' },
          status: { S: 'ISSUED' },
          expiresAt: { N: '1803556800' },
        }),
      ]),
    );
  });

  test('keeps the state of a client that is registered again', async () => {
    await registry.registerClient(profile, false, signal);
    await sdk.send(
      new UpdateItemCommand({
        TableName,
        Key: { partitionKey: { S: 'CLIENT#mail' }, sortKey: { S: 'CLIENT' } },
        UpdateExpression: 'SET #state = :state',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: { ':state': { S: 'DISABLED' } },
      }),
    );

    await registry.registerClient(profile, false, signal);

    await expect(registry.getClient('mail', signal)).resolves.toMatchObject({ state: 'DISABLED' });
  });

  test('leaves a client to the resource that declares it, and says which that is', async () => {
    await registry.registerClient(profile, false, signal);
    await expect(registry.registerClient({ ...profile, validityHours: 24 }, false, signal)).resolves.toBeUndefined();

    const taken = { ...profile, declaredBy: 'stack Other', validityHours: 8 };
    await expect(registry.registerClient(taken, false, signal)).resolves.toBe('stack Mail');
    await expect(registry.removeClient('mail', 'stack Other', REMOVED, signal)).resolves.toBe(false);

    expect(await records()).toEqual([{ kind: 'client', client: { ...profile, validityHours: 24, state: 'ENABLED' } }]);
  });

  test.each(['other External', 'stac External', 'stack2 External', ' External', 'External'])(
    'leaves the name of a client to its stack, whatever the kind: %j gets none',
    async (resource) => {
      await registry.registerClient(profile, false, signal);
      const external = registry.registerExternalClient({ ...externalProfile, registeredBy: resource }, false, signal);
      await expect(external).resolves.toBe('stack Mail');

      await registry.removeClient('mail', 'stack Mail', REMOVED, signal);
      await registry.registerExternalClient(externalProfile, false, signal);
      const issued = registry.registerClient({ ...profile, declaredBy: resource }, false, signal);
      await expect(issued).resolves.toBe('stack External');
      expect((await records()).map(({ kind }) => kind)).toEqual(['external client']);
    },
  );

  test('follows a resource whose stack has given it another logical ID, and no other', async () => {
    const [issued, external] = [profile, externalProfile];
    await registry.registerClient(issued, false, signal);
    await registry.registerExternalClient(external, false, signal);
    const update = (stack: string) => [
      registry.registerClient({ ...issued, declaredBy: `${stack} Renamed` }, true, signal),
      registry.registerExternalClient({ ...external, registeredBy: `${stack} Renamed` }, true, signal),
    ];

    expect(await Promise.all(update('other'))).toEqual(['stack Mail', 'stack External']);
    expect(await Promise.all(update('stack'))).toEqual([undefined, undefined]);
    await expect(registry.removeClient('mail', 'stack Renamed', REMOVED, signal)).resolves.toBe(true);
    await expect(registry.removeExternalClient('mail', 'stack Renamed', REMOVED, signal)).resolves.toBe(true);
    expect(await kept()).toEqual([]);
  });

  test('forgets a client, also one that it does not know', async () => {
    await registry.registerClient(profile, false, signal);

    await expect(registry.removeClient('mail', 'stack Mail', REMOVED, signal)).resolves.toBe(true);
    await expect(registry.removeClient('mail', 'stack Mail', REMOVED, signal)).resolves.toBe(true);
    await registry.setClientState('mail', { state: 'DISABLED', updatedAt: REMOVED, updatedBy: 'operator' }, signal);

    // For a day.
    expect(await items()).toEqual([
      {
        partitionKey: { S: 'CLIENT#mail' },
        sortKey: { S: 'CLIENT' },
        removedAt: { S: REMOVED },
        declaredRevision: { N: String(Date.parse(REMOVED)) },
        expiresAt: { N: String(Date.parse(REMOVED) / 1_000 + 86_400) },
      },
    ]);
    expect(await records()).toEqual([]);
    await expect(registry.getClient('mail', signal)).resolves.toBeUndefined();
    const { client } = await lookup.findIssued('mail', 'AA:BB');
    expect(refusalOf({ client, certificate }, MAIL, new Date())).toBe('CLIENT_UNKNOWN');
  });

  test('keeps a client disabled that an operator disables while it is removed', async () => {
    await registry.registerClient(profile, false, signal);
    const call = Table.prototype.call;
    const calls = jest.spyOn(Table.prototype, 'call').mockImplementation(async function (this: Table, ...operation) {
      if (JSON.stringify(operation).includes('":expiresAt"')) {
        const change = { state: 'DISABLED', updatedAt: REMOVED, updatedBy: 'operator' } as const;
        await registry.setClientState('mail', change, signal);
      }
      return call.apply(this, operation);
    });

    const isRemoved = await registry.removeClient('mail', 'stack Mail', REMOVED, signal);

    calls.mockRestore();
    expect([isRemoved, await records()]).toEqual([true, []]);
    await registry.registerClient({ ...profile, updatedAt: ADDED_AGAIN }, false, signal);
    await expect(registry.getClient('mail', signal)).resolves.toMatchObject({ state: 'DISABLED' });
  });

  test.each(['issued', 'external'])(
    'keeps a disabled %s client disabled when it is removed and added again',
    async (kind) => {
      const change = { state: 'DISABLED', updatedAt: REMOVED, updatedBy: 'operator' } as const;
      const register = (updatedAt: string) =>
        kind === 'issued'
          ? registry.registerClient({ ...profile, updatedAt }, false, signal)
          : registry.registerExternalClient({ ...externalProfile, updatedAt }, false, signal);
      const remove = (at = REMOVED) =>
        kind === 'issued'
          ? registry.removeClient('mail', 'stack Mail', at, signal)
          : registry.removeExternalClient('mail', 'stack External', at, signal);
      await register(profile.updatedAt);
      await registry.setClientState('mail', change, signal);

      await expect(remove()).resolves.toBe(true);
      expect(await records()).toEqual([]);
      await expect(lookup.findExternalClient('mail')).resolves.not.toHaveProperty('trustAnchor');
      await expect(remove()).resolves.toBe(true);
      await register(ADDED_AGAIN);

      expect((await records()).map((record) => 'client' in record && record.client.state)).toEqual(['DISABLED']);
      expect((await items()).flatMap(Object.keys)).not.toContain('removedAt');
      await registry.setClientState('mail', { ...change, state: 'ENABLED' }, signal);
      await remove(ADDED_AGAIN);
      expect(await kept()).toEqual([]);
    },
  );

  describe('of a public key', () => {
    const claim = (clientName: string, expiresAt: number) =>
      registry.claimKey('hash', { clientName, expiresAt }, signal);

    test('gives it to the client that claims it first, for as long as its last certificate', async () => {
      await expect(claim('mail', 200)).resolves.toBe('claimed');
      await expect(claim('social', 900)).resolves.toBe('taken by another client');
      await expect(claim('mail', 300)).resolves.toBe('claimed');
      await expect(claim('mail', 100)).resolves.toBe('claimed');

      expect(await items()).toEqual([expect.objectContaining({ clientName: { S: 'mail' }, expiresAt: { N: '300' } })]);
      expect(await records()).toEqual([]);
    });

    test('gives a revoked one to nobody, for ever', async () => {
      await claim('mail', 200);
      await registry.revokeKey('hash', { clientName: 'mail', revokedAt: REMOVED }, signal);
      await registry.revokeKey('hash', { clientName: 'mail', revokedAt: '2027-01-01T00:00:00.000Z' }, signal);

      await expect(claim('mail', 300)).resolves.toBe('revoked');
      await expect(claim('social', 300)).resolves.toBe('revoked');
      expect(await items()).toEqual([
        {
          partitionKey: { S: 'PUBLIC_KEY#hash' },
          sortKey: { S: 'PUBLIC_KEY' },
          clientName: { S: 'mail' },
          revokedAt: { S: REMOVED },
        },
      ]);
    });

    test('revokes one that it no longer knew', async () => {
      await registry.revokeKey('hash', { clientName: 'mail', revokedAt: REMOVED }, signal);
      await expect(claim('mail', 300)).resolves.toBe('revoked');
    });
  });

  describe('of an external client', () => {
    const disable = () =>
      sdk.send(
        new UpdateItemCommand({
          TableName,
          Key: { partitionKey: { S: 'CLIENT#mail' }, sortKey: { S: 'CLIENT' } },
          UpdateExpression: 'SET #state = :state',
          ExpressionAttributeNames: { '#state': 'state' },
          ExpressionAttributeValues: { ':state': { S: 'DISABLED' } },
        }),
      );

    test('knows it as it was registered last, enabled at first, and as no other', async () => {
      await registry.registerExternalClient({ ...externalProfile, identityIds: ['0c'] }, false, signal);
      await registry.registerExternalClient(externalProfile, false, signal);

      await expect(registry.getExternalClient('mail', signal)).resolves.toEqual({
        ...registeredExternal,
        state: 'ENABLED',
      });
      await expect(registry.getClient('mail', signal)).resolves.toBeUndefined();
      expect(await records()).toEqual([
        { kind: 'external client', client: { ...registeredExternal, state: 'ENABLED' } },
      ]);
      await expect(lookup.findExternalClient('mail')).resolves.toMatchObject({
        client: { spiffeId: MAIL, state: 'ENABLED', trustAnchor: 'partner' },
      });
      await expect(lookup.findExternalClient('social')).resolves.toEqual({ client: undefined, grants: [] });
    });

    test('does not take one that the mesh issues for to be external', async () => {
      await registry.registerClient(profile, false, signal);

      await expect(registry.getExternalClient('mail', signal)).resolves.toBeUndefined();
      await expect(lookup.findExternalClient('mail')).resolves.not.toHaveProperty('trustAnchor');
    });

    test('removes it for the resource that registered it, and for no other', async () => {
      await registry.registerExternalClient(externalProfile, false, signal);

      const taken = registry.registerExternalClient({ ...externalProfile, registeredBy: 'stack Other' }, false, signal);
      await expect(taken).resolves.toBe('stack External');
      await registry.removeExternalClient('mail', 'stack Other', REMOVED, signal);
      await expect(registry.getExternalClient('mail', signal)).resolves.toEqual({
        ...registeredExternal,
        state: 'ENABLED',
      });
      await registry.removeClient('mail', 'stack Mail', REMOVED, signal);
      await expect(registry.getExternalClient('mail', signal)).resolves.toBeDefined();

      await registry.removeExternalClient('mail', 'stack External', REMOVED, signal);
      await registry.removeExternalClient('mail', 'stack External', REMOVED, signal);
      expect(await kept()).toEqual([]);
    });

    test('holds both while a client changes from issued to external, and keeps its state', async () => {
      await registry.registerClient({ ...profile, overlapHours: 3, declaredBy: 'stack Mail' }, false, signal);
      await disable();
      await registry.registerExternalClient(externalProfile, false, signal);

      expect((await records()).map(({ kind }) => kind).sort()).toEqual(['client', 'external client']);
      await expect(registry.getClient('mail', signal)).resolves.toMatchObject({ overlapHours: 3, state: 'DISABLED' });

      await registry.removeClient('mail', 'stack Mail', REMOVED, signal);
      expect(await records()).toEqual([
        { kind: 'external client', client: { ...registeredExternal, state: 'DISABLED' } },
      ]);
      expect((await items()).flatMap(Object.keys)).not.toContain('secretId');
      expect((await items()).flatMap(Object.keys)).not.toContain('declaredBy');
    });

    test('holds both while a client changes from external to issued, and keeps its state', async () => {
      await registry.registerExternalClient(externalProfile, false, signal);
      await disable();
      await registry.registerClient(profile, false, signal);

      await expect(registry.getExternalClient('mail', signal)).resolves.toMatchObject({ state: 'DISABLED' });

      await registry.removeExternalClient('mail', 'stack External', REMOVED, signal);
      expect(await records()).toEqual([{ kind: 'client', client: { ...profile, state: 'DISABLED' } }]);
      expect((await items()).flatMap(Object.keys)).not.toContain('trustAnchor');
    });

    test('survives that such a change is taken back', async () => {
      await registry.registerClient(profile, false, signal);
      await registry.registerExternalClient(externalProfile, false, signal);
      await registry.removeExternalClient('mail', 'stack External', REMOVED, signal);

      await expect(registry.getClient('mail', signal)).resolves.toMatchObject({ secretId: profile.secretId });
      expect(await records()).toHaveLength(1);
    });

    test('lets an identity stand for one client, by the authority given last', async () => {
      const add = (clientName: string, authority: string) =>
        registry.addIdentity('0a', { clientName, authority, authorityNotAfter: REMOVED }, signal);

      await expect(add('mail', 'old')).resolves.toBeUndefined();
      await expect(add('social', 'other')).resolves.toBe('mail');
      await expect(add('mail', 'new')).resolves.toBeUndefined();
      await expect(lookup.findIdentities(['0a', '0b', '0c'])).resolves.toEqual([
        { clientName: 'mail', authority: 'new' },
      ]);
      expect(await records()).toEqual([]);

      await registry.removeIdentity('0a', 'social', signal);
      expect(await items()).toHaveLength(1);
      await registry.removeIdentity('0a', 'mail', signal);
      await registry.removeIdentity('0a', 'mail', signal);
      expect(await items()).toEqual([]);
    });
  });

  test('adds a certificate once, and leaves it as it has become', async () => {
    await registry.addCertificate(certificate, signal);
    await registry.markRevoked(
      certificate,
      { revokedAt: '2026-11-23T00:00:00.000Z', revokedBy: 'rotation', revocationReason: 'SUPERSEDED' },
      signal,
    );
    await registry.addCertificate(certificate, signal);

    await expect(registry.getCertificate(certificate, signal)).resolves.toEqual({
      ...certificate,
      status: 'REVOKED',
      revokedAt: '2026-11-23T00:00:00.000Z',
      revokedBy: 'rotation',
      revocationReason: 'SUPERSEDED',
    });
  });

  test('revokes once: who comes second, or revokes what is not there, is told so', async () => {
    await registry.addCertificate(certificate, signal);
    const first = {
      revokedAt: '2026-11-23T00:00:00.000Z',
      revokedBy: 'rotation',
      revocationReason: 'SUPERSEDED',
    } as const;
    const second = {
      revokedAt: '2026-11-23T00:00:01.000Z',
      revokedBy: 'deployment',
      revocationReason: 'CESSATION_OF_OPERATION',
    } as const;

    await expect(registry.markRevoked(certificate, first, signal)).resolves.toBe(true);
    await expect(registry.markRevoked(certificate, second, signal)).resolves.toBe(false);
    // As when the first answer was lost and the call is made again.
    await expect(registry.markRevoked(certificate, first, signal)).resolves.toBe(true);
    await expect(registry.markRevoked({ clientName: 'mail', fingerprint: 'CC' }, first, signal)).resolves.toBe(false);

    await expect(registry.getCertificate(certificate, signal)).resolves.toMatchObject({ revokedBy: 'rotation' });
    expect(await items()).toHaveLength(1);
  });

  test('notes times once, and only of what is there', async () => {
    await registry.addCertificate(certificate, signal);
    for (const time of ['2026-11-23T00:00:00.000Z', '2026-11-24T00:00:00.000Z']) {
      await registry.markCurrent(certificate, time, signal);
      await registry.markReplaced(certificate, time, signal);
      await registry.markAuthorityTold(certificate, time, signal);
      await registry.markCurrent({ ...certificate, fingerprint: 'CC' }, time, signal);
    }

    await expect(registry.getCertificate(certificate, signal)).resolves.toEqual({
      ...certificate,
      currentSince: '2026-11-23T00:00:00.000Z',
      refuseAfter: '2026-11-23T00:00:00.000Z',
      revokedAtAuthority: '2026-11-23T00:00:00.000Z',
    });
    expect(await items()).toHaveLength(1);
  });

  test('lists the certificates of one client', async () => {
    await registry.registerClient(profile, false, signal);
    await registry.addCertificate(certificate, signal);
    await registry.addCertificate({ ...certificate, fingerprint: 'CC' }, signal);
    await registry.addCertificate({ ...certificate, clientName: 'mail-2' }, signal);

    const found = await registry.certificatesOf('mail', signal);

    expect(found.map(({ fingerprint }) => fingerprint)).toEqual(['AA:BB', 'CC']);
    await expect(registry.certificatesOf('social', signal)).resolves.toEqual([]);
  });

  test('enables and disables a known client, and creates no unknown one', async () => {
    await registry.registerClient(profile, false, signal);
    const change = { state: 'DISABLED', updatedAt: '2026-11-24T00:00:00.000Z', updatedBy: 'operator' } as const;

    await registry.setClientState('mail', change, signal);
    await registry.setClientState('social', change, signal);

    await expect(registry.getClient('mail', signal)).resolves.toEqual({ ...profile, ...change });
    expect(await items()).toHaveLength(1);
  });

  test('gives a client with all its certificates, and nothing of other clients', async () => {
    await registry.registerClient(profile, false, signal);
    await registry.addCertificate(certificate, signal);
    await registry.addCertificate({ ...certificate, clientName: 'mail-2' }, signal);

    await expect(records(survey.clientRecords('mail', signal))).resolves.toEqual([
      { kind: 'certificate', certificate },
      { kind: 'client', client: { ...profile, state: 'ENABLED' } },
    ]);
    await expect(records(survey.clientRecords('social', signal))).resolves.toEqual([]);
  });

  test('reads everything consistently, except for what an index finds', async () => {
    const reads: unknown[] = [];
    const send: typeof sendHttpRequest = (url, request) => {
      const { ConsistentRead, RequestItems } = JSON.parse(String(request.body));
      reads.push(ConsistentRead ?? RequestItems[TableName].ConsistentRead);
      return sendHttpRequest(url, request);
    };
    const connection = { ...functionConnection(process.env), send };
    const [observed, observedSurvey] = [new Registry(TableName, connection), new RegistrySurvey(TableName, connection)];

    await observed.getClient('mail', signal);
    await observed.getCertificate(certificate, signal);
    await observed.certificatesOf('mail', signal);
    await records(observedSurvey.find([certificateKey('mail', 'AA:BB')], signal));
    await records(observedSurvey.clientRecords('mail', signal));

    expect(reads).toEqual([true, true, true, true, true]);
  });

  test('gives all records over many pages, and leaves out what is of another kind', async () => {
    await registry.registerClient(profile, false, signal);
    const issuer = 'x'.repeat(300_000);
    for (let n = 0; n < 8; n++) await registry.addCertificate({ ...certificate, fingerprint: `0${n}`, issuer }, signal);
    const grant = { partitionKey: { S: 'CLIENT#mail' }, sortKey: { S: 'OTHER#1' } };
    await sdk.send(new PutItemCommand({ TableName, Item: grant }));

    const kinds = (await records(survey.clientRecords('mail', signal))).map(({ kind }) => kind);

    expect(kinds.filter((kind) => kind === 'certificate')).toHaveLength(8);
    expect(kinds.filter((kind) => kind === 'client')).toHaveLength(1);
  });

  test('names the item and attribute that somebody has spoilt, and reads all others', async () => {
    await registry.registerClient(profile, false, signal);
    await registry.addCertificate({ ...certificate, fingerprint: 'CC:DD' }, signal);
    const key = certificateKey('mail', 'AA:BB');
    const facts = {
      clientName: { N: '7' },
      status: { S: 'ISSUED' },
      notAfter: { S: certificate.notAfter },
      serialNumber: { S: '5A01' },
      publicKeyHash: { S: '' },
      revokedAtAuthority: { L: [] },
      revocationReason: { S: 'BOREDOM' },
    };
    const spoilt = { partitionKey: { S: key.partitionKey }, sortKey: { S: key.sortKey }, ...facts };
    await sdk.send(new PutItemCommand({ TableName, Item: spoilt }));
    const client = { partitionKey: { S: 'CLIENT#social' }, sortKey: { S: 'CLIENT' }, state: { S: 'ENABLED' } };
    await sdk.send(new PutItemCommand({ TableName, Item: client }));

    await expect(registry.certificatesOf('mail', signal)).resolves.toMatchObject([{ fingerprint: 'CC:DD' }]);
    expect(await records(survey.clientRecords('mail', signal))).toContainEqual({
      kind: 'malformed',
      malformed: {
        key,
        clientName: 'mail',
        problem: 'the attribute "clientName" of the registry\'s item CLIENT#mail CERTIFICATE#AA:BB must be a string',
        certificate: {
          clientName: 'mail',
          fingerprint: 'AA:BB',
          status: 'ISSUED',
          notAfter: certificate.notAfter,
          serialNumber: '5A01',
        },
      },
    });
    expect(await records(survey.clientRecords('social', signal))).toEqual([
      { kind: 'malformed', malformed: expect.objectContaining({ clientName: 'social' }) },
    ]);
  });

  test.each([
    ['client', 'clientName', 'social', 'AA:BB of social'],
    ['certificate', 'fingerprint', 'EE:FF', 'EE:FF of mail'],
  ])(
    'an item with the name of another %s is malformed, because changes would miss it',
    async (_what, name, value, other) => {
      await registry.addCertificate({ ...certificate, fingerprint: 'AA:BB' }, signal);
      const { partitionKey, sortKey } = certificateKey('mail', 'AA:BB');
      await sdk.send(
        new UpdateItemCommand({
          TableName,
          Key: { partitionKey: { S: partitionKey }, sortKey: { S: sortKey } },
          UpdateExpression: 'SET #name = :value',
          ExpressionAttributeNames: { '#name': name },
          ExpressionAttributeValues: { ':value': { S: value } },
        }),
      );

      expect(await records(survey.clientRecords('mail', signal))).toEqual([
        {
          kind: 'malformed',
          malformed: expect.objectContaining({
            problem: `the registry's item CLIENT#mail CERTIFICATE#AA:BB names certificate ${other}`,
            certificate: expect.objectContaining({ clientName: 'mail', fingerprint: 'AA:BB', status: 'ISSUED' }),
          }),
        },
      ]);
    },
  );

  describe('of what is due', () => {
    const later = { ...certificate, fingerprint: 'CC', issuedAt: '2026-11-25T12:00:00.000Z' };
    const rotated: RegistryCertificate = {
      ...later,
      notBefore: '2026-11-25T11:00:00.000Z',
      notAfter: '2026-12-02T12:00:00.000Z',
      issuedBy: 'rotation',
    };
    const AT = '2026-11-26T00:00:00.000Z';
    const names = async (of: AsyncIterable<RegistryRecord>) =>
      (await records(of)).map((record) => {
        if (record.kind === 'certificate') return record.certificate.fingerprint;
        return record.kind === 'malformed' ? 'malformed' : 'client' in record ? record.client.clientName : record.kind;
      });
    const revocation = { revokedAt: AT, revokedBy: 'rotation', revocationReason: 'SUPERSEDED' } as const;
    const notices = () => names(survey.agenda('AUTHORITY_NOTICE', {}, signal));
    const overlaps = () => names(survey.agenda('END_OF_OVERLAP', {}, signal));

    beforeEach(() => registry.registerClient(profile, false, signal));

    test('a client is due when the last third of its current certificate begins, and never without one', async () => {
      await expect(names(survey.clients(signal))).resolves.toEqual(['mail']);
      await expect(names(survey.agenda('CLIENT', {}, signal))).resolves.toEqual([]);

      await registry.addCertificate(certificate, signal);
      await expect(names(survey.agenda('CLIENT', {}, signal))).resolves.toEqual([]);
      await registry.markCurrent(certificate, AT, signal);

      // Of 169 hours, less than 56 hours and 20 minutes are left.
      const due = '2026-11-27T03:40:00.001Z';
      await expect(names(survey.agenda('CLIENT', { from: due, to: due }, signal))).resolves.toEqual(['mail']);
      await expect(names(survey.clients(signal))).resolves.toEqual(['mail']);
    });

    test('the current certificate is the one that was issued last, whichever is recorded last', async () => {
      for (const one of [certificate, rotated]) await registry.addCertificate(one, signal);
      await registry.markCurrent(rotated, AT, signal);
      await registry.markCurrent(certificate, '2026-11-27T00:00:00.000Z', signal);

      await expect(registry.getClient('mail', signal)).resolves.toEqual({
        ...profile,
        state: 'ENABLED',
        currentCertificate: 'CC',
        currentIssuedAt: rotated.issuedAt,
        lastRotation: AT,
      });
      const due = '2026-11-30T03:40:00.001Z';
      await expect(names(survey.agenda('CLIENT', { from: due, to: due }, signal))).resolves.toEqual(['mail']);

      await registry.registerClient({ ...profile, validityHours: 24 }, true, signal);
      await expect(registry.getClient('mail', signal)).resolves.toMatchObject({ currentCertificate: 'CC' });
    });

    test('a failed rotation is recorded until another certificate is current, and only of a client that exists', async () => {
      const failure = { rotationFailedAt: AT, rotationFailure: 'the authority is disabled' };
      await registry.markRotationFailed('mail', failure, signal);
      await registry.markRotationFailed('malory', failure, signal);
      await expect(registry.getClient('mail', signal)).resolves.toMatchObject(failure);
      await expect(registry.getClient('malory', signal)).resolves.toBeUndefined();

      await registry.registerClient(profile, true, signal);
      await expect(registry.getClient('mail', signal)).resolves.toMatchObject(failure);

      await registry.addCertificate(rotated, signal);
      await registry.markCurrent(rotated, AT, signal);
      await expect(registry.getClient('mail', signal)).resolves.not.toHaveProperty('rotationFailedAt');
      await expect(registry.getClient('mail', signal)).resolves.not.toHaveProperty('rotationFailure');
    });

    test('a rotation that failed after its certificate was current has not failed once it is repeated', async () => {
      await registry.addCertificate(rotated, signal);
      await registry.markCurrent(rotated, AT, signal);
      await registry.markRotationFailed('mail', { rotationFailedAt: AT, rotationFailure: 'throttled' }, signal);
      await registry.markCurrent(certificate, AT, signal);
      await expect(registry.getClient('mail', signal)).resolves.toHaveProperty('rotationFailedAt', AT);

      await registry.markCurrent(rotated, AT, signal);
      const client = await registry.getClient('mail', signal);
      expect(client).toMatchObject({ currentCertificate: 'CC', lastRotation: AT });
      expect(client).not.toHaveProperty('rotationFailedAt');
    });

    test('a certificate that is current from the start is recorded as such, and a repetition changes nothing', async () => {
      const [first, second] = [certificate, rotated].map((one) => ({ ...one, currentSince: one.issuedAt }));
      for (const one of [first, second]) await registry.addCertificate(one as RegistryCertificate, signal);
      await registry.addCertificate({ ...certificate, issuedAt: AT, currentSince: AT }, signal);

      await expect(registry.getClient('mail', signal)).resolves.toMatchObject({ currentCertificate: 'CC' });
    });

    test('a client that is removed is not due any more, and begins anew when it is added again', async () => {
      await registry.addCertificate(certificate, signal);
      await registry.markCurrent(certificate, AT, signal);
      await registry.removeClient('mail', 'stack Mail', REMOVED, signal);
      await registry.markCurrent(certificate, AT, signal);
      await expect(names(survey.clients(signal))).resolves.toEqual([]);

      await registry.registerClient({ ...profile, updatedAt: ADDED_AGAIN }, false, signal);
      await registry.setClientState('mail', { state: 'DISABLED', updatedAt: AT, updatedBy: 'operator' }, signal);
      await registry.removeClient('mail', 'stack Mail', ADDED_AGAIN, signal);
      await expect(names(survey.clients(signal))).resolves.toEqual([]);
      await registry.registerClient({ ...profile, updatedAt: ADDED_AGAIN }, false, signal);
      await expect(names(survey.clients(signal))).resolves.toEqual(['mail']);
      await expect(names(survey.agenda('CLIENT', {}, signal))).resolves.toEqual([]);
    });

    test('a client that becomes an external one is never due, and still listed', async () => {
      await registry.addCertificate(certificate, signal);
      await registry.markCurrent(certificate, AT, signal);
      await registry.registerExternalClient(externalProfile, false, signal);
      await registry.removeClient('mail', 'stack Mail', REMOVED, signal);

      await expect(names(survey.clients(signal))).resolves.toEqual(['mail']);
      await expect(names(survey.agenda('CLIENT', {}, signal))).resolves.toEqual([]);
    });

    test('the authority of an external client is due when it expires', async () => {
      const identity = { clientName: 'mail', authority: 'PEM', authorityNotAfter: AT };
      await registry.addIdentity('0a', identity, signal);

      const found = await records(survey.agenda('TRUST_ANCHOR', { to: AT }, signal));
      expect(found).toEqual([{ kind: 'identity', identity }]);
      await registry.removeIdentity('0a', 'mail', signal);
      await expect(records(survey.agenda('TRUST_ANCHOR', {}, signal))).resolves.toEqual([]);
    });

    test('a replaced certificate is due when its overlap ends, and a revoked one until its authority knows', async () => {
      await registry.addCertificate(certificate, signal);
      await registry.markReplaced(certificate, AT, signal);
      await expect(names(survey.agenda('END_OF_OVERLAP', { to: AT }, signal))).resolves.toEqual(['AA:BB']);
      await expect(names(survey.agenda('END_OF_OVERLAP', { to: '2026-11-25T23:59:59.999Z' }, signal))).resolves.toEqual(
        [],
      );

      await registry.markRevoked(certificate, revocation, signal);
      expect([await overlaps(), await notices()]).toEqual([[], ['AA:BB']]);
      await registry.markReplaced(certificate, REMOVED, signal);
      expect([await overlaps(), await notices()]).toEqual([[], ['AA:BB']]);
      await registry.markAuthorityTold(certificate, AT, signal);
      expect([await overlaps(), await notices()]).toEqual([[], []]);
    });

    test('what is settled is not due any more', async () => {
      await registry.addCertificate(certificate, signal);
      await registry.markReplaced(certificate, AT, signal);
      await registry.markSettled(certificate, signal);

      await expect(overlaps()).resolves.toEqual([]);
      await registry.markSettled({ clientName: 'social', fingerprint: 'AA' }, signal);
      expect(await items()).toHaveLength(2);
    });

    test('a page at a time gives the same', async () => {
      for (const [index, name] of ['a', 'b', 'c', 'd', 'e'].entries()) {
        await registry.registerClient({ ...profile, clientName: name }, false, signal);
        const notAfter = `2026-12-0${9 - index}T00:00:00.000Z`;
        const one = { ...certificate, clientName: name, fingerprint: name, notAfter };
        await registry.addCertificate(one, signal);
        await registry.markCurrent(one, AT, signal);
      }

      await expect(names(survey.agenda('CLIENT', { pageSize: 2 }, signal))).resolves.toEqual(['e', 'd', 'c', 'b', 'a']);
    });

    test('the certificates of an authority are those that have not expired, the first to expire first', async () => {
      const other = 'arn:aws:acm-pca:eu-central-1:111122223333:certificate-authority/2';
      await registry.addCertificate(rotated, signal);
      await registry.addCertificate(certificate, signal);
      await registry.addCertificate({ ...certificate, fingerprint: 'DD', certificateAuthorityArn: other }, signal);
      await registry.markRevoked(certificate, revocation, signal);

      const held = async (at: string, pageSize?: number) => {
        const found: unknown[] = [];
        const { certificateAuthorityArn } = certificate;
        for await (const one of survey.certificatesOfAuthority(
          certificateAuthorityArn,
          new Date(at),
          signal,
          pageSize,
        )) {
          found.push(one);
        }
        return found;
      };
      const facts = ({ fingerprint, spiffeId, notBefore, notAfter, authoritiesNotAfter }: RegistryCertificate) => ({
        key: certificateKey('mail', fingerprint),
        clientName: 'mail',
        spiffeId,
        notBefore,
        notAfter,
        authoritiesNotAfter,
      });
      const both = [
        { ...facts(certificate), status: 'REVOKED' },
        { ...facts(rotated), status: 'ISSUED' },
      ];
      expect(await held(certificate.notAfter)).toEqual(both);
      expect(await held(certificate.notAfter, 1)).toEqual(both);
      expect(await held('2026-11-29T12:00:00.001Z')).toEqual(both.slice(1));
      expect(await held('2026-12-02T12:00:00.001Z')).toEqual([]);
    });

    test('two hundred and fifty records are found by their keys', async () => {
      const clients = Array.from({ length: 250 }, (_, index) => `client-${index}`);
      for (const clientName of clients) await registry.registerClient({ ...profile, clientName }, false, signal);
      const keys = [...clients, 'nobody'].map(clientKey);

      expect((await names(survey.find(keys, signal))).sort()).toEqual(clients.sort());
      await expect(names(survey.find([], signal))).resolves.toEqual([]);
    });
  });

  test('says in one reading how a client and its certificate stand', async () => {
    await expect(lookup.findIssued('mail', 'AA:BB')).resolves.toEqual({
      client: undefined,
      certificate: undefined,
      grants: [],
    });

    await registry.registerClient(profile, false, signal);
    await registry.addCertificate(certificate, signal);
    await registry.markReplaced(certificate, '2026-11-23T00:00:00.000Z', signal);

    await expect(lookup.findIssued('mail', 'AA:BB')).resolves.toEqual({
      client: { spiffeId: MAIL, state: 'ENABLED' },
      certificate: {
        spiffeId: MAIL,
        status: 'ISSUED',
        notBefore: certificate.notBefore,
        notAfter: certificate.notAfter,
        refuseAfter: '2026-11-23T00:00:00.000Z',
      },
      grants: [],
    });
    await expect(lookup.findIssued('mail', 'CC')).resolves.toMatchObject({ certificate: undefined });
  });
});
