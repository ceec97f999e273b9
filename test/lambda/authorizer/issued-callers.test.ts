import { IssuedCallers } from '../../../lambda/authorizer/issued-callers';
import type { CallerIdentity } from '../../../mesh/contract';
import type { IssuedFacts } from '../../../registry/lookup';

const REVOCATION_DELAY = 5_000;
const OTHER = 'spiffe://mesh.example.com/social';
const MAIL = 'spiffe://mesh.example.com/mail';

/** ISO 8601, seconds from noon. */
const atSecond = (seconds: number) => new Date(Date.parse('2026-11-22T12:00:00Z') + seconds * 1000).toISOString();

describe('a caller with an issued certificate', () => {
  let facts: IssuedFacts;
  let now: number;
  let readings: string[];
  let callers: IssuedCallers;
  let failure: Error | undefined;

  const identity = (fingerprint = 'AA:BB'): CallerIdentity => ({
    clientName: 'mail',
    spiffeId: MAIL,
    serialNumber: '5A01',
    fingerprint,
  });
  const create = (capacity?: number) =>
    new IssuedCallers(
      {
        findIssued: async (clientName, fingerprint) => {
          readings.push(`${clientName} ${fingerprint}`);
          if (failure) throw failure;
          return facts;
        },
      },
      {
        times: { revocationDelay: REVOCATION_DELAY, outageTolerance: 60_000 },
        now: () => new Date(now),
        onUnavailable: () => {},
        ...(capacity !== undefined && { capacity }),
      },
    );

  /** The validity is the certificate's own, and lasts from a minute ago for a minute. */
  const identify = (fingerprint?: string, validity = { notBefore: atSecond(-60), notAfter: atSecond(60) }) =>
    callers.identify({ kind: 'issued', identity: identity(fingerprint), validity });

  beforeEach(() => {
    now = Date.parse('2026-11-22T12:00:00Z');
    readings = [];
    failure = undefined;
    facts = {
      client: { spiffeId: MAIL, state: 'ENABLED' },
      certificate: { spiffeId: MAIL, status: 'ISSUED' },
      grants: [],
    };
    callers = create();
  });

  const change = (part: 'client' | 'certificate', changed: object) => {
    facts = { ...facts, [part]: { ...facts[part], ...changed } };
  };

  test('is accepted when the registry knows client and certificate', async () => {
    await expect(identify()).resolves.toEqual({ identity: identity(), grants: [] });
    expect(readings).toEqual(['mail AA:BB']);
  });

  test.each<[string, 'client' | 'certificate', object, string]>([
    ['REVOKED', 'certificate', { status: 'REVOKED' }, 'the certificate is revoked'],
    ['CLIENT_DISABLED', 'client', { state: 'DISABLED' }, 'the client is disabled'],
    ['CLIENT_UNKNOWN', 'client', { spiffeId: OTHER }, 'the client is not in the registry'],
    ['CERTIFICATE_UNKNOWN', 'certificate', { spiffeId: OTHER }, 'the certificate is not in the registry'],
    ['REPLACED', 'certificate', { refuseAfter: '2026-11-22T12:00:00.000Z' }, 'the overlap has ended'],
  ])('is refused: %s (%s %j)', async (code, part, changed, reason) => {
    change(part, changed);

    const denial = expect(identify()).rejects;
    await denial.toMatchObject({ code, certificate: { serialNumber: '5A01', subject: MAIL } });
    await denial.toThrow(reason);
  });

  test('is refused by the certificate’s own validity, whatever the registry says', async () => {
    change('certificate', { notBefore: atSecond(-3600), notAfter: atSecond(3600) });

    const expired = { notBefore: atSecond(-60), notAfter: atSecond(-1) };
    await expect(identify('AA', expired)).rejects.toMatchObject({ code: 'EXPIRED' });
    const early = { notBefore: atSecond(1), notAfter: atSecond(60) };
    await expect(identify('BB', early)).rejects.toMatchObject({ code: 'NOT_YET_VALID' });
  });

  test('is accepted until the overlap of a replaced certificate is over, though remembered', async () => {
    change('certificate', { refuseAfter: '2026-11-22T12:00:04.000Z' });
    await identify();

    now += 4_000;
    await expect(identify()).rejects.toMatchObject({ code: 'REPLACED' });
    expect(readings).toHaveLength(1);
  });

  test('is remembered for the revocation delay, and no longer', async () => {
    await identify();
    change('certificate', { status: 'REVOKED' });

    now += REVOCATION_DELAY - 1;
    await identify();
    expect(readings).toHaveLength(1);

    now += 1;
    await expect(identify()).rejects.toMatchObject({ code: 'REVOKED' });
  });

  test('is read again when the clock was set back', async () => {
    await identify();
    now -= 1;
    await identify();

    expect(readings).toHaveLength(2);
  });

  test('is remembered for each certificate by itself', async () => {
    await identify('AA');
    await identify('BB');

    expect(readings).toEqual(['mail AA', 'mail BB']);
  });

  test('is read once for requests at once', async () => {
    await Promise.all([identify(), identify(), identify()]);

    expect(readings).toHaveLength(1);
  });

  test('is not accepted when the registry can’t be read, which is not remembered', async () => {
    failure = new Error('slow');
    const denials = await Promise.allSettled([identify(), identify()]);
    expect(denials.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(readings).toHaveLength(1);

    failure = undefined;
    await expect(identify()).resolves.toEqual({ identity: identity(), grants: [] });
  });

  test('that was accepted stays so in an outage, until its certificate expires or its overlap ends', async () => {
    change('certificate', { refuseAfter: atSecond(30) });
    await identify('AA');
    const validity = { notBefore: atSecond(-60), notAfter: atSecond(20) };
    await identify('BB', validity);

    failure = new Error('slow');
    now += 15_000;
    await expect(identify('AA')).resolves.toMatchObject({ identity: identity('AA') });
    await expect(identify('BB', validity)).resolves.toMatchObject({ identity: identity('BB') });
    now += 10_000;
    await expect(identify('BB', validity)).rejects.toMatchObject({ code: 'EXPIRED' });
    now += 5_000;
    await expect(identify('AA')).rejects.toMatchObject({ code: 'REPLACED' });
  });

  test('is forgotten when others were asked for since, so that memory has an end', async () => {
    callers = create(2);
    for (const fingerprint of ['AA', 'BB', 'AA', 'CC', 'AA', 'BB']) await identify(fingerprint);

    expect(readings).toEqual(['mail AA', 'mail BB', 'mail CC', 'mail BB']);
  });

  test('is not forgotten, however many certificates were refused since', async () => {
    callers = create(1);
    await identify('AA');
    change('certificate', { status: 'REVOKED' });
    for (const fingerprint of ['BB', 'CC']) await expect(identify(fingerprint)).rejects.toThrow();
    readings = [];
    await identify('AA');

    expect(readings).toEqual([]);
  });
});
