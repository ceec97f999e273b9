import { Authorizer } from '../../../lambda/authorizer/authorizer';
import { ClientCertificateReader } from '../../../lambda/authorizer/client-certificate-reader';
import { ExternalCallers } from '../../../lambda/authorizer/external-callers';
import { type Standing, StandingMemory } from '../../../lambda/authorizer/issued-callers';
import type { LogEntry } from '../../../lambda/log';
import { type Authority, createClient, createRoot, createServer, days, type EndEntity } from '../../pki/authorities';
import { authorizerEvent } from './events';

const TRUST_DOMAIN = 'mesh.example.com';

/** A registry that knows no external client. */
const NO_EXTERNAL_CALLERS = new ExternalCallers(
  TRUST_DOMAIN,
  { readIdentities: async () => [], readExternalClient: () => Promise.reject(new Error('not asked')) },
  () => new Date(),
);

describe('the authorizer', () => {
  let root: Authority;
  let mail: EndEntity;
  let logs: LogEntry[];
  let now: Date;
  let authorizer: Authorizer;
  let standing: Standing;

  beforeAll(async () => {
    root = await createRoot('Test Root');
    mail = await createClient(root, 'mail', { uris: ['spiffe://mesh.example.com/mail'] });
  });
  beforeEach(() => {
    logs = [];
    now = new Date();
    const spiffeId = 'spiffe://mesh.example.com/mail';
    standing = {
      client: { spiffeId, state: 'ENABLED' },
      certificate: { spiffeId, status: 'ISSUED', refuseAfter: undefined },
    };
    authorizer = new Authorizer(
      new ClientCertificateReader(TRUST_DOMAIN),
      new StandingMemory({ read: async () => standing }, () => now),
      NO_EXTERNAL_CALLERS,
      () => now,
      (entry) => void logs.push(entry),
    );
  });

  const denial = () => {
    expect(logs).toHaveLength(1);
    return logs[0];
  };

  test('tells who calls', async () => {
    expect(await authorizer.decide(authorizerEvent(mail.pem))).toEqual({
      isAuthorized: true,
      context: {
        clientName: 'mail',
        spiffeId: 'spiffe://mesh.example.com/mail',
        serialNumber: mail.certificate.serialNumber,
        fingerprint: mail.certificate.fingerprint256,
      },
    });
    expect(logs).toEqual([]);
  });

  test('reads the certificate itself, and believes nothing that the event says about it', async () => {
    const event = authorizerEvent(mail.pem, { serialNumber: '1', subjectDN: 'CN=admin' });

    expect(await authorizer.decide(event)).toMatchObject({
      context: { clientName: 'mail', serialNumber: mail.certificate.serialNumber },
    });
  });

  test('checks the validity at every call, also of a certificate that it knows', async () => {
    expect((await authorizer.decide(authorizerEvent(mail.pem))).isAuthorized).toBe(true);

    now = new Date(Date.now() + days(4000));
    expect(await authorizer.decide(authorizerEvent(mail.pem))).toEqual({ isAuthorized: false });
    expect(denial()).toEqual({
      event: 'denied',
      reason: 'certificate expired',
      subject: mail.certificate.subject,
      serialNumber: mail.certificate.serialNumber,
    });

    now = new Date(0);
    expect(await authorizer.decide(authorizerEvent(mail.pem))).toEqual({ isAuthorized: false });
    expect(logs[1]).toMatchObject({ reason: 'certificate not yet valid' });
  });

  test.each([
    ['another trust domain', ['spiffe://other.example.com/mail']],
    ['a trust domain that ends like ours', ['spiffe://evil-mesh.example.com/mail']],
    ['a path below a client', ['spiffe://mesh.example.com/mail/admin']],
    ['a client name that is none', ['spiffe://mesh.example.com/Mail']],
    ['two SPIFFE IDs', ['spiffe://mesh.example.com/mail', 'spiffe://mesh.example.com/social']],
    ['no SPIFFE ID', []],
    ['another kind of URI', ['https://mesh.example.com/mail']],
  ])('denies a certificate with %s', async (_case, uris) => {
    const client = await createClient(root, 'mail', { uris });

    expect(await authorizer.decide(authorizerEvent(client.pem))).toEqual({ isAuthorized: false });
    expect(denial()?.serialNumber).toBe(client.certificate.serialNumber);
  });

  test.each([
    ['of another trust domain', ['spiffe://partner.example.com/billing']],
    ['without a SPIFFE ID', []],
  ])('asks by whom the registry knows a certificate %s', async (_case, uris) => {
    const { pem, certificate } = await createClient(root, 'billing', { uris });
    const identity = { clientName: 'billing', authority: root.pem };
    const external = new Authorizer(
      new ClientCertificateReader(TRUST_DOMAIN),
      new StandingMemory({ read: () => Promise.reject(new Error('not asked')) }, () => now),
      new ExternalCallers(
        TRUST_DOMAIN,
        {
          readIdentities: async () => [identity],
          readExternalClient: async () => ({
            spiffeId: 'spiffe://mesh.example.com/billing',
            state: 'ENABLED',
            trustAnchor: 'partner',
          }),
        },
        () => now,
      ),
      () => now,
      (entry) => void logs.push(entry),
    );

    expect(await external.decide(authorizerEvent(pem))).toEqual({
      isAuthorized: true,
      context: {
        clientName: 'billing',
        spiffeId: 'spiffe://mesh.example.com/billing',
        serialNumber: certificate.serialNumber,
        fingerprint: certificate.fingerprint256,
      },
    });
    now = new Date(Date.now() + days(4000));
    expect(await external.decide(authorizerEvent(pem))).toEqual({ isAuthorized: false });
    expect(denial()?.reason).toBe('certificate expired');
  });

  test.each([
    ['our trust domain', ['spiffe://mesh.example.com/mail']],
    ['our trust domain, but no client', ['spiffe://mesh.example.com/mail/admin']],
    ['two SPIFFE IDs', ['spiffe://partner.example.com/billing', 'spiffe://partner.example.com/other']],
    ['two SPIFFE IDs, one of them ours', ['spiffe://mesh.example.com/mail', 'spiffe://partner.example.com/other']],
    ['a URI that is no SPIFFE ID', ['https://partner.example.com/billing']],
    ['our trust domain in another spelling', ['SPIFFE://mesh.example.com/mail']],
  ])('knows nobody by another authority’s certificate with %s', async (_case, uris) => {
    const { pem } = await createClient(root, 'billing', { uris });
    const readIdentities = jest.fn(async () => [{ clientName: 'mail', authority: root.pem }]);
    const readExternalClient = jest.fn(async () => ({
      spiffeId: 'spiffe://mesh.example.com/mail',
      state: 'ENABLED',
      trustAnchor: 'partner',
    }));
    const external = new Authorizer(
      new ClientCertificateReader(TRUST_DOMAIN),
      new StandingMemory({ read: async () => ({ client: undefined, certificate: undefined }) }, () => now),
      new ExternalCallers(TRUST_DOMAIN, { readIdentities, readExternalClient }, () => now),
      () => now,
      (entry) => void logs.push(entry),
    );

    expect(await external.decide(authorizerEvent(pem))).toEqual({ isAuthorized: false });
    expect(logs).toHaveLength(1);
    expect(readIdentities).not.toHaveBeenCalled();
  });

  test('denies a server certificate', async () => {
    const server = await createServer(root, 'mesh.example.com');

    expect(await authorizer.decide(authorizerEvent(server.pem))).toEqual({ isAuthorized: false });
    expect(denial()?.reason).toBe('not a client certificate');
  });

  test('denies a certificate authority', async () => {
    expect(await authorizer.decide(authorizerEvent(root.pem))).toEqual({ isAuthorized: false });
  });

  test.each([
    ['no certificate', () => ''],
    ['a certificate in pieces', () => mail.pem.slice(0, 200)],
    ['two certificates', () => mail.pem + root.pem],
    ['a certificate of random bytes', () => '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'],
  ])('denies %s', async (_case, pem) => {
    expect(await authorizer.decide(authorizerEvent(pem()))).toEqual({ isAuthorized: false });
    expect(JSON.stringify(denial())).not.toContain('BEGIN CERTIFICATE-----\\n');
  });

  test.each([
    ['null', null],
    ['a string', 'event'],
    ['no request context', {}],
    ['no authentication', { requestContext: {} }],
    ['authentication without a certificate', { requestContext: { authentication: null } }],
    ['a certificate that is no text', authorizerEvent(7)],
    ['a certificate that is an object', authorizerEvent({ toString: 'mail' })],
  ])('denies an event that is not what API Gateway sends: %s', async (_case, event) => {
    expect(await authorizer.decide(event as ReturnType<typeof authorizerEvent>)).toEqual({ isAuthorized: false });
    expect(logs).toHaveLength(1);
  });

  test.each(['x_mesh_client_name', 'X-Mesh_Client-Name', 'x_mesh_spiffe_id', 'x.mesh.certificate.fingerprint'])(
    'denies a header that a server may take for the identity: %s',
    async (header) => {
      const event = { ...authorizerEvent(mail.pem), headers: { [header]: 'social' } };

      expect(await authorizer.decide(event)).toEqual({ isAuthorized: false });
      expect(denial()?.reason).toContain(header);
    },
  );

  test.each(['x-mesh-client-name', 'X-Mesh-Client-Name', 'x_mesh_other', 'accept', '__proto__'])(
    'leaves alone the header %s',
    async (header) => {
      const event = { ...authorizerEvent(mail.pem), headers: JSON.parse(`{${JSON.stringify(header)}:"social"}`) };

      expect((await authorizer.decide(event)).isAuthorized).toBe(true);
    },
  );

  test.each<[string, (known: Standing) => Standing]>([
    ['client not in the registry', (known) => ({ ...known, client: undefined })],
    ['certificate not in the registry', (known) => ({ ...known, certificate: undefined })],
  ])('denies who is no longer there: %s', async (reason, changed) => {
    standing = changed(standing);

    expect(await authorizer.decide(authorizerEvent(mail.pem))).toEqual({ isAuthorized: false });
    expect(denial()).toMatchObject({ reason, serialNumber: mail.certificate.serialNumber });
  });

  test('does not ask the registry about whom it refuses anyway', async () => {
    const read = jest.fn();
    const busy = new Authorizer(
      new ClientCertificateReader(TRUST_DOMAIN),
      new StandingMemory({ read }, () => now),
      NO_EXTERNAL_CALLERS,
      () => new Date(0),
      () => undefined,
    );

    expect(await busy.decide(authorizerEvent(mail.pem))).toEqual({ isAuthorized: false });
    expect(read).not.toHaveBeenCalled();
  });

  test('denies a path that may mean another service further on', async () => {
    const event = { ...authorizerEvent(mail.pem), rawPath: '/schedule/%2e%2e/admin' };

    expect(await authorizer.decide(event)).toEqual({ isAuthorized: false });
    expect(denial()?.reason).toBe('path "/schedule/%2e%2e/admin" is ambiguous');
  });

  test('logs a denial on one line, whatever the subject holds', async () => {
    const forger = await createClient(root, 'mail\n{"event":"allowed"}', { uris: [] });

    await authorizer.decide(authorizerEvent(forger.pem));

    expect(JSON.stringify(denial())).not.toContain('\n');
    expect(denial()?.subject).toContain('mail');
  });

  test('forgets the certificate that was used least recently, and can read it again', async () => {
    const reader = new ClientCertificateReader(TRUST_DOMAIN, 1);
    const social = await createClient(root, 'social', { uris: ['spiffe://mesh.example.com/social'] });

    for (const pem of [mail.pem, social.pem, mail.pem]) reader.callerOf(pem, now);

    expect(reader.callerOf(social.pem, now)).toMatchObject({ kind: 'issued', identity: { clientName: 'social' } });
  });
});
