import { generateKeyPairSync } from 'node:crypto';
import type { Extension } from '@peculiar/asn1-x509';
import type { LogEntry } from '../../../aws/cloudwatch';
import { httpApiAnswer } from '../../../lambda/authorizer/answers';
import { Authorizer } from '../../../lambda/authorizer/authorizer';
import { ClientCertificateReader } from '../../../lambda/authorizer/client-certificate-reader';
import { CommonGrants } from '../../../lambda/authorizer/common-grants';
import { ExternalCallers } from '../../../lambda/authorizer/external-callers';
import { type HttpApiEvent, httpApiRequest } from '../../../lambda/authorizer/gateway-request';
import { IssuedCallers } from '../../../lambda/authorizer/issued-callers';
import { RegistryUnavailableError } from '../../../lambda/authorizer/registry-memory';
import { DENIAL_REASONS } from '../../../mesh/contract';
import { encodePem } from '../../../pki/pem';
import { type HeldGrant, heldGrant } from '../../../registry/admission';
import type { IssuedFacts, RegistryLookup } from '../../../registry/lookup';
import { type Authority, createClient, createRoot, createServer, days, type EndEntity } from '../../pki/authorities';
import { forge, unknownExtension } from '../../pki/forgery';
import { authorizerEvent, EVERYTHING } from './events';

type AuthorizerEvent = HttpApiEvent;

const TRUST_DOMAIN = 'mesh.example.com';

describe('the authorizer', () => {
  let root: Authority;
  let mail: EndEntity;
  let logs: LogEntry[];
  const metrics = { putByReason: jest.fn() };
  let now: Date;
  let authorizer: ReturnType<typeof createAuthorizer>;
  let facts: IssuedFacts;
  let commonGrants: readonly HeldGrant[];

  /** An authorizer over a registry in which some lookups find something, and all others fail. */
  function createAuthorizer(lookups: Partial<RegistryLookup>) {
    const unexpected = () => Promise.reject(new Error('unexpected lookup'));
    const registry = {
      findIssued: unexpected,
      findIdentities: unexpected,
      findExternalClient: unexpected,
      findGrantsOfAllClients: async () => commonGrants,
      ...lookups,
    };
    const memory = {
      times: { revocationDelay: 5_000, outageTolerance: 60_000 },
      now: () => now,
      onUnavailable: () => {},
    };
    const created = new Authorizer({
      certificates: new ClientCertificateReader(TRUST_DOMAIN),
      issuedCallers: new IssuedCallers(registry, memory),
      externalCallers: new ExternalCallers(TRUST_DOMAIN, registry, memory),
      commonGrants: new CommonGrants(registry, memory),
      log: (entry) => void logs.push(entry),
      metrics,
    });
    return {
      decide: async (event: AuthorizerEvent) => httpApiAnswer(await created.decide(() => httpApiRequest(event))),
    };
  }

  beforeAll(async () => {
    root = await createRoot('Test Root');
    mail = await createClient(root, 'mail', { uris: ['spiffe://mesh.example.com/mail'] });
  });
  beforeEach(() => {
    logs = [];
    metrics.putByReason.mockReset();
    now = new Date();
    const spiffeId = 'spiffe://mesh.example.com/mail';
    commonGrants = [];
    facts = { client: { spiffeId, state: 'ENABLED' }, certificate: { spiffeId, status: 'ISSUED' }, grants: EVERYTHING };
    authorizer = createAuthorizer({ findIssued: async () => facts, findIdentities: async () => [] });
  });

  /** What was logged about a denial, which is also counted by its code and nothing else. */
  const denial = () => {
    expect(logs).toHaveLength(1);
    const code = logs[0]?.['code'];
    expect(DENIAL_REASONS).toContain(code);
    expect(metrics.putByReason.mock.calls).toEqual([['RequestsDenied', 1, code]]);
    return logs[0];
  };

  test.each(['notBefore', 'notAfter'])(
    'denies a certificate whose %s is no time, as OpenSSL still reads it',
    async (which) => {
      // The month of a UTCTime: the first of two.
      const times = [...mail.certificate.raw.toString('latin1').matchAll(/\d{12}Z/g)];
      const raw = Buffer.from(mail.certificate.raw);
      const { index = 0 } = times[which === 'notBefore' ? 0 : 1] ?? {};
      raw.write('99', index + 2, 'latin1');

      await expect(authorizer.decide(authorizerEvent(encodePem('CERTIFICATE', raw)))).resolves.toEqual({
        isAuthorized: false,
      });
      expect(denial()).toMatchObject({
        code: 'NOT_A_CLIENT_CERTIFICATE',
        reason: 'the validity of the certificate can not be read',
      });
    },
  );

  test('identifies the caller', async () => {
    expect(await authorizer.decide(authorizerEvent(mail.pem))).toEqual({
      isAuthorized: true,
      context: {
        clientName: 'mail',
        spiffeId: 'spiffe://mesh.example.com/mail',
        serialNumber: mail.certificate.serialNumber,
        fingerprint: mail.certificate.fingerprint256,
        grant: 'ANY /*',
      },
    });
    expect(logs).toEqual([]);
  });

  /** Another certificate of the client. */
  const anotherOfMail = () => createClient(root, 'mail', { uris: ['spiffe://mesh.example.com/mail'] });

  describe('with some grants', () => {
    const grant = (...entries: readonly string[]) => {
      facts = { ...facts, grants: entries.flatMap((entry) => heldGrant(entry) ?? []) };
    };
    const requestOf = (method: string, path: string, changed: Partial<AuthorizerEvent> = {}): AuthorizerEvent => {
      const event = authorizerEvent(mail.pem);
      const http = { ...event.requestContext.http, method, path };
      return { ...event, rawPath: path, requestContext: { ...event.requestContext, http }, ...changed };
    };

    test('lets in what a grant says, and names the grant', async () => {
      grant('a1b2c3 GET /schedule', 'a1b2c3 POST /schedule/events/{id}');
      expect(await authorizer.decide(requestOf('POST', '/schedule/events/5'))).toMatchObject({
        isAuthorized: true,
        context: { clientName: 'mail', grant: 'POST /schedule/events/{id}' },
      });
    });

    test.each([
      ['none at all', []],
      ['one for another API', ['z9 ANY /*']],
      ['one for another method', ['a1b2c3 POST /schedule/*']],
      ['one for another path', ['a1b2c3 ANY /users/*']],
    ])('denies without the right one: %s', async (_what, entries) => {
      grant(...entries);
      expect(await authorizer.decide(requestOf('GET', '/schedule/events'))).toEqual({ isAuthorized: false });
      expect(denial()).toEqual({
        event: 'denied',
        code: 'NOT_GRANTED',
        reason: 'client mail has no grant for GET /schedule/events',
        subject: 'spiffe://mesh.example.com/mail',
        serialNumber: mail.certificate.serialNumber,
      });
    });

    test.each<[string, Partial<AuthorizerEvent>]>([
      ['x-http-method-override', { headers: { 'x-http-method-override': 'delete' } }],
      ['X_HTTP_Method_Override', { headers: { X_HTTP_Method_Override: 'DELETE' } }],
      ['x-http-method', { headers: { 'x-http-method': ' DELETE ' } }],
      ['x-method-override', { headers: { 'x-method-override': 'POST,DELETE' } }],
      ['_method', { queryStringParameters: { _method: 'delete' } }],
    ])('denies a request whose method %s replaces with one that is not granted', async (_what, changed) => {
      grant('a1b2c3 POST /schedule/*');
      expect(await authorizer.decide(requestOf('POST', '/schedule/events', changed))).toEqual({ isAuthorized: false });
      expect(denial()).toMatchObject({
        code: 'NOT_GRANTED',
        reason: 'client mail has no grant for POST /schedule/events, which servers may also take for DELETE',
      });

      grant('a1b2c3 POST /schedule/*', 'a1b2c3 DELETE /schedule/events');
      now = new Date(now.getTime() + 5_000);
      expect(await authorizer.decide(requestOf('POST', '/schedule/events', changed))).toMatchObject({
        context: { grant: 'POST /schedule/*' },
      });
    });

    test.each(['x-original-url', 'X-Rewrite-URL', 'x_original_uri'])(
      'denies a request with the header %s, which replaces the path',
      async (header) => {
        grant('a1b2c3 ANY /*');
        const event = requestOf('GET', '/schedule/events', { headers: { [header]: '/admin' } });
        expect(await authorizer.decide(event)).toEqual({ isAuthorized: false });
        expect(denial()).toMatchObject({ code: 'AMBIGUOUS_REQUEST', reason: expect.stringContaining(header) });
      },
    );

    test('a grant that was added counts at once for a client that called before, at the cost of one reading a second', async () => {
      const findIssued = jest.fn(async () => facts);
      const counted = createAuthorizer({ findIssued });
      const decide = async () => (await counted.decide(requestOf('GET', '/schedule/events'))).isAuthorized;
      grant();
      expect(await decide()).toBe(false);
      for (let call = 0; call < 3; call++) expect(await decide()).toBe(false);
      expect(findIssued).toHaveBeenCalledTimes(1);

      grant('a1b2c3 GET /schedule/events');
      now = new Date(now.getTime() + 1_000);
      expect(await decide()).toBe(true);
      now = new Date(now.getTime() + 4_000);
      expect(await decide()).toBe(true);
      expect(findIssued).toHaveBeenCalledTimes(2);
    });

    test('a missing grant is a denial also while the registry can’t be read', async () => {
      let isOut = false;
      const flaky = createAuthorizer({
        findIssued: async () => {
          if (isOut) throw new Error('out of reach');
          return facts;
        },
      });
      grant('a1b2c3 GET /schedule/events');
      await flaky.decide(requestOf('GET', '/schedule/events'));
      isOut = true;
      now = new Date(now.getTime() + 2_000);
      expect(await flaky.decide(requestOf('GET', '/users'))).toEqual({ isAuthorized: false });
      expect(denial()?.['code']).toBe('NOT_GRANTED');
      expect(await flaky.decide(requestOf('GET', '/schedule/events'))).toMatchObject({ isAuthorized: true });
    });

    describe('of all clients', () => {
      const grantAll = (...entries: readonly string[]) => {
        commonGrants = entries.flatMap((entry) => heldGrant(entry) ?? []);
      };
      const wait = (milliseconds: number) => {
        now = new Date(now.getTime() + milliseconds);
      };
      let read: jest.Mock;
      let counted: ReturnType<typeof createAuthorizer>;
      const decide = async (method = 'GET', changed: Partial<AuthorizerEvent> = {}) =>
        (await counted.decide(requestOf(method, '/schedule/events', changed))).isAuthorized;

      beforeEach(() => {
        grant();
        read = jest.fn(async () => commonGrants);
        counted = createAuthorizer({ findIssued: async () => facts, findGrantsOfAllClients: read });
      });

      test('are read once in the revocation delay, whatever the number of callers', async () => {
        grantAll('a1b2c3 GET /schedule/*');
        const clients = await Promise.all([anotherOfMail(), anotherOfMail(), anotherOfMail()]);
        for (const { pem } of [...clients, mail]) {
          const event = authorizerEvent(pem);
          expect((await counted.decide(event)).isAuthorized).toBe(true);
        }
        expect(read).toHaveBeenCalledTimes(1);
        wait(4_999);
        await decide();
        expect(read).toHaveBeenCalledTimes(1);
        wait(1);
        await decide();
        expect(read).toHaveBeenCalledTimes(2);
      });

      test('count at once when they are added, at the cost of one reading a second', async () => {
        for (let call = 0; call < 3; call++) expect(await decide()).toBe(false);
        expect(read).toHaveBeenCalledTimes(1);
        grantAll('a1b2c3 GET /schedule/*');
        wait(1_000);
        expect(await decide()).toBe(true);
        expect(read).toHaveBeenCalledTimes(2);
      });

      test('count no longer within the revocation delay after they are removed, also for a client that was read since', async () => {
        grantAll('a1b2c3 GET /schedule/*');
        expect(await decide()).toBe(true);
        grantAll();
        wait(4_000);
        const other = await anotherOfMail();
        expect((await counted.decide(authorizerEvent(other.pem))).isAuthorized).toBe(true);
        wait(1_000);
        expect((await counted.decide(authorizerEvent(other.pem))).isAuthorized).toBe(false);
        expect(await decide()).toBe(false);
      });

      test('add up with those of the client', async () => {
        grant('a1b2c3 POST /schedule/*');
        grantAll('a1b2c3 DELETE /schedule/*');
        expect(await decide('POST', { headers: { 'x-http-method-override': 'DELETE' } })).toBe(true);
      });

      test('are remembered in an outage as long as callers are, and nobody gets in without them', async () => {
        grantAll('a1b2c3 GET /schedule/*');
        expect(await decide()).toBe(true);
        read.mockRejectedValue(new Error('out of reach'));
        wait(5_000);
        expect(await decide()).toBe(true);
        wait(60_000);
        await expect(decide()).rejects.toThrow(RegistryUnavailableError);
      });
    });

    test('a grant that is removed counts no longer once the memory has passed', async () => {
      grant('a1b2c3 GET /schedule/events');
      const decide = async () => (await authorizer.decide(requestOf('GET', '/schedule/events'))).isAuthorized;
      expect(await decide()).toBe(true);
      grant();
      expect(await decide()).toBe(true);
      now = new Date(now.getTime() + 5_000);
      expect(await decide()).toBe(false);
    });
  });

  test('reads the certificate itself and ignores what the event says about it', async () => {
    const event = authorizerEvent(mail.pem, { serialNumber: '1', subjectDN: 'CN=admin' });

    expect(await authorizer.decide(event)).toMatchObject({
      context: { clientName: 'mail', serialNumber: mail.certificate.serialNumber },
    });
  });

  test('checks the validity on every call, even of a remembered certificate', async () => {
    expect((await authorizer.decide(authorizerEvent(mail.pem))).isAuthorized).toBe(true);

    now = new Date(Date.now() + days(4000));
    expect(await authorizer.decide(authorizerEvent(mail.pem))).toEqual({ isAuthorized: false });
    expect(denial()).toEqual({
      event: 'denied',
      code: 'EXPIRED',
      reason: 'client mail is refused: the certificate has expired',
      subject: 'spiffe://mesh.example.com/mail',
      serialNumber: mail.certificate.serialNumber,
    });

    now = new Date(0);
    expect(await authorizer.decide(authorizerEvent(mail.pem))).toEqual({ isAuthorized: false });
    expect(logs[1]).toMatchObject({ code: 'NOT_YET_VALID' });
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
  ])('looks up the client of a certificate %s', async (_case, uris) => {
    const { pem, certificate } = await createClient(root, 'billing', { uris });
    const identity = { clientName: 'billing', authority: root.pem };
    const external = createAuthorizer({
      findIdentities: async () => [identity],
      findExternalClient: async () => ({
        client: { spiffeId: 'spiffe://mesh.example.com/billing', state: 'ENABLED', trustAnchor: 'partner' },
        grants: EVERYTHING,
      }),
    });

    expect(await external.decide(authorizerEvent(pem))).toEqual({
      isAuthorized: true,
      context: {
        clientName: 'billing',
        spiffeId: 'spiffe://mesh.example.com/billing',
        serialNumber: certificate.serialNumber,
        fingerprint: certificate.fingerprint256,
        grant: 'ANY /*',
      },
    });
    now = new Date(Date.now() + days(4000));
    expect(await external.decide(authorizerEvent(pem))).toEqual({ isAuthorized: false });
    expect(denial()?.['code']).toBe('EXPIRED');
  });

  test.each([
    ['our trust domain', ['spiffe://mesh.example.com/mail']],
    ['our trust domain, but no client', ['spiffe://mesh.example.com/mail/admin']],
    ['two SPIFFE IDs', ['spiffe://partner.example.com/billing', 'spiffe://partner.example.com/other']],
    ['two SPIFFE IDs, one of them ours', ['spiffe://mesh.example.com/mail', 'spiffe://partner.example.com/other']],
    ['a URI that is no SPIFFE ID', ['https://partner.example.com/billing']],
    ['our trust domain in another spelling', ['SPIFFE://mesh.example.com/mail']],
  ])('never looks up an external client for another authority’s certificate with %s', async (_case, uris) => {
    const { pem } = await createClient(root, 'billing', { uris });
    const findIdentities = jest.fn(async () => [{ clientName: 'mail', authority: root.pem }]);
    const external = createAuthorizer({
      findIdentities,
      findIssued: async () => ({ client: undefined, certificate: undefined, grants: EVERYTHING }),
    });

    expect(await external.decide(authorizerEvent(pem))).toEqual({ isAuthorized: false });
    expect(logs).toHaveLength(1);
    expect(findIdentities).not.toHaveBeenCalled();
  });

  test.each([
    ['a weak key', 'has an ECDSA key on secp256k1', generateKeyPairSync('ec', { namedCurve: 'secp256k1' })],
    ['a short key', 'has an RSA key of 1024 bits', generateKeyPairSync('rsa', { modulusLength: 1024 })],
  ])(
    'denies a certificate of another authority with %s, registered or not',
    async (_case, weakness, { privateKey }) => {
      const { pem } = await createClient(root, 'billing', { uris: [], privateKey });
      const external = createAuthorizer({
        findIdentities: async () => [{ clientName: 'billing', authority: root.pem }],
      });

      expect(await external.decide(authorizerEvent(pem))).toEqual({ isAuthorized: false });
      expect(denial()).toMatchObject({
        code: 'WEAK_CERTIFICATE',
        reason: `the certificate of another authority ${weakness}`,
        subject: 'CN=billing',
      });
    },
  );

  test('denies a certificate of another authority with a critical extension that it does not know', async () => {
    const external = createAuthorizer({
      findIdentities: async () => [{ clientName: 'billing', authority: root.pem }],
      findExternalClient: async () => ({
        client: { trustAnchor: 'partner', spiffeId: `spiffe://${TRUST_DOMAIN}/billing`, state: 'ENABLED' },
        grants: EVERYTHING,
      }),
    });
    const decide = (critical: boolean) => {
      const extensions = (usual: readonly Extension[]) => [...usual, unknownExtension(critical)];
      return external.decide(authorizerEvent(forge({ by: root, extensions }).certificate));
    };

    expect(await decide(false)).toMatchObject({ isAuthorized: true });
    expect(await decide(true)).toEqual({ isAuthorized: false });
    expect(denial()).toMatchObject({
      code: 'NOT_A_CLIENT_CERTIFICATE',
      reason: expect.stringContaining('has a critical extension that the mesh does not process'),
    });
  });

  test.each(['TRACE', 'trace', 'TRACK', undefined, ['GET']])('denies the method %j', async (method) => {
    const event = authorizerEvent(mail.pem);
    expect(await authorizer.decide(event)).toMatchObject({ isAuthorized: true });
    const { http } = event.requestContext;
    const traced = { ...event, requestContext: { ...event.requestContext, http: { ...http, method } } };

    expect(await authorizer.decide(traced as AuthorizerEvent)).toEqual({ isAuthorized: false });
    expect(denial()?.['code']).toBe(typeof method === 'string' ? 'METHOD_NOT_ALLOWED' : 'AMBIGUOUS_REQUEST');
  });

  test('denies a server certificate', async () => {
    const server = await createServer(root, 'mesh.example.com');

    expect(await authorizer.decide(authorizerEvent(server.pem))).toEqual({ isAuthorized: false });
    expect(denial()?.['code']).toBe('NOT_A_CLIENT_CERTIFICATE');
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

  test.each(['x-mesh-client-name', 'x_mesh_client_name'])(
    'denies a request that brings the header %s itself, and says so',
    async (header) => {
      const event = { ...authorizerEvent(mail.pem), headers: { [header]: 'social' } };

      expect(await authorizer.decide(event)).toEqual({ isAuthorized: false });
      expect(denial()).toMatchObject({ code: 'AMBIGUOUS_REQUEST', reason: expect.stringContaining(header) });
    },
  );

  test.each<[string, (known: IssuedFacts) => IssuedFacts]>([
    ['CLIENT_UNKNOWN', (known) => ({ ...known, client: undefined })],
    ['CERTIFICATE_UNKNOWN', (known) => ({ ...known, certificate: undefined })],
  ])('denies a caller that the registry does not know: %s', async (code, changed) => {
    facts = changed(facts);

    expect(await authorizer.decide(authorizerEvent(mail.pem))).toEqual({ isAuthorized: false });
    expect(denial()).toMatchObject({ code, serialNumber: mail.certificate.serialNumber });
  });

  test('neither accepts nor denies a caller that it does not know while the registry can’t be read', async () => {
    const blind = createAuthorizer({});

    await expect(blind.decide(authorizerEvent(mail.pem))).rejects.toThrow(RegistryUnavailableError);
    expect(logs).toEqual([]);
  });

  test('denies an ambiguous request also while the registry can’t be read', async () => {
    const blind = createAuthorizer({});

    expect(await blind.decide({ ...authorizerEvent(mail.pem), rawPath: '/..' })).toEqual({ isAuthorized: false });
  });

  test.each<[string, unknown]>([
    ['no authentication', {}],
    ['an authentication without a certificate', { authentication: {} }],
    ['no text in place of the certificate', { authentication: { clientCert: { clientCertPem: 7 } } }],
  ])('says that there is no client certificate when the request has %s', async (_what, requestContext) => {
    const ofRequest = authorizerEvent(mail.pem);
    const { http } = ofRequest.requestContext;
    const event = { ...ofRequest, requestContext: { ...(requestContext as AuthorizerEvent['requestContext']), http } };

    expect(await authorizer.decide(event)).toEqual({ isAuthorized: false });
    expect(denial()).toEqual({
      event: 'denied',
      code: 'NO_CLIENT_CERTIFICATE',
      reason: 'the request has no client certificate',
    });
  });

  test('says that a name in the trust domain is no client’s', async () => {
    const { pem } = await createClient(root, 'mail', { uris: ['spiffe://mesh.example.com/mail/admin'] });

    await authorizer.decide(authorizerEvent(pem));
    expect(denial()).toMatchObject({
      code: 'IDENTITY_UNKNOWN',
      reason: 'spiffe://mesh.example.com/mail/admin is not a client of trust domain mesh.example.com',
    });
  });

  const { requestContext } = authorizerEvent('');
  test.each<[string, Partial<AuthorizerEvent>]>([
    ['the raw path', { rawPath: '/schedule/%2e%2e/admin' }],
    [
      'the path in the request context',
      { requestContext: { ...requestContext, http: { ...requestContext.http, path: '/schedule/%2e%2e/admin' } } },
    ],
    ['a path parameter', { pathParameters: { proxy: '/schedule/%2e%2e/admin' } }],
  ])('denies a path that may lead to another service, in %s', async (_where, part) => {
    expect(await authorizer.decide({ ...authorizerEvent(mail.pem), ...part })).toEqual({ isAuthorized: false });
    expect(denial()).toMatchObject({
      code: 'AMBIGUOUS_REQUEST',
      reason: expect.stringContaining('"/schedule/%2e%2e/admin" is ambiguous: it contains a dot segment'),
    });
  });

  test('logs a denial on one line, whatever the subject holds', async () => {
    const forger = await createClient(root, 'mail\n{"event":"allowed"}', { uris: [] });

    await authorizer.decide(authorizerEvent(forger.pem));

    expect(JSON.stringify(denial())).not.toContain('\n');
    expect(denial()?.subject).toContain('mail');
  });

  test('drops the least recently used certificate and can read it again', async () => {
    const reader = new ClientCertificateReader(TRUST_DOMAIN, 1);
    const social = await createClient(root, 'social', { uris: ['spiffe://mesh.example.com/social'] });

    for (const pem of [mail.pem, social.pem, mail.pem]) reader.readCaller(pem);

    expect(reader.readCaller(social.pem)).toMatchObject({ kind: 'issued', identity: { clientName: 'social' } });
  });

  test('keeps accepted certificates in memory, whatever else it reads', async () => {
    const reader = new ClientCertificateReader(TRUST_DOMAIN, 1);
    const [partner, other, forged] = await Promise.all([
      createClient(root, 'partner', { uris: [] }),
      createClient(root, 'other', { uris: [] }),
      createClient(root, 'forged', { uris: ['spiffe://mesh.example.com/mail'] }),
    ]);

    const [known, external] = [reader.readCaller(mail.pem), reader.readCaller(partner.pem)];
    reader.keep(mail.pem, known);
    reader.keep(partner.pem, external);
    for (const { pem } of [other, forged]) reader.readCaller(pem);

    expect(reader.readCaller(mail.pem)).toBe(known);
    expect(reader.readCaller(partner.pem)).toBe(external);
  });

  test('keeps the mesh’s certificates, however many of its clients a trust anchor issues certificates for', async () => {
    const reader = new ClientCertificateReader(TRUST_DOMAIN, 1);
    const known = reader.readCaller(mail.pem);
    reader.keep(mail.pem, known);
    for (const name of ['partner', 'other']) {
      const { pem } = await createClient(root, name, { uris: [] });
      reader.keep(pem, reader.readCaller(pem));
    }

    expect(reader.readCaller(mail.pem)).toBe(known);
  });

  test('keeps a caller that it accepted, whatever it refuses since', async () => {
    const reader = new ClientCertificateReader(TRUST_DOMAIN, 1);
    const forged = await createClient(root, 'mail', { uris: ['spiffe://mesh.example.com/mail'] });
    const registry = {
      findIssued: async (_name: string, fingerprint: string) =>
        fingerprint === mail.certificate.fingerprint256 ? facts : { ...facts, certificate: undefined },
      findIdentities: () => Promise.reject(new Error('unexpected lookup')),
      findExternalClient: () => Promise.reject(new Error('unexpected lookup')),
      findGrantsOfAllClients: async () => [],
    };
    const memory = {
      times: { revocationDelay: 5_000, outageTolerance: 60_000 },
      now: () => now,
      onUnavailable: () => {},
    };
    const read = jest.spyOn(reader, 'readCaller');
    const created = new Authorizer({
      certificates: reader,
      issuedCallers: new IssuedCallers(registry, memory),
      externalCallers: new ExternalCallers(TRUST_DOMAIN, registry, memory),
      commonGrants: new CommonGrants(registry, memory),
      log: (entry) => void logs.push(entry),
      metrics,
    });
    for (const { pem } of [mail, forged, mail]) await created.decide(() => httpApiRequest(authorizerEvent(pem)));

    expect(read.mock.results[2]?.value).toBe(read.mock.results[0]?.value);
    expect(logs).toEqual([expect.objectContaining({ code: 'CERTIFICATE_UNKNOWN' })]);
  });
});
