import fc from 'fast-check';
import {
  type CertificateFacts,
  type ClientFacts,
  certificateStatus,
  endOfAcceptance,
  refusalOf,
} from '../../registry/status';

const MAIL = 'spiffe://mesh.example.com/mail';
const NOON = Date.parse('2026-11-22T12:00:00Z');
const at = (seconds: number) => new Date(NOON + seconds * 1000);
const time = (seconds: number) => at(seconds).toISOString();

const CERTIFICATE: CertificateFacts = { spiffeId: MAIL, status: 'ISSUED', notBefore: time(-60), notAfter: time(60) };
const CLIENT: ClientFacts = { spiffeId: MAIL, state: 'ENABLED' };

describe('the status of a certificate', () => {
  test.each<[string, CertificateFacts]>([
    ['ISSUED', {}],
    ['ISSUED', { notBefore: time(0) }],
    ['NOT_YET_VALID', { notBefore: time(0.001) }],
    ['ISSUED', { notAfter: time(0) }],
    ['EXPIRED', { notAfter: time(-0.001) }],
    ['ISSUED', { refuseAfter: time(0.001) }],
    ['REPLACED', { refuseAfter: time(0) }],
    ['REVOKED', { status: 'REVOKED' }],
    ['REVOKED', { status: 'REVOKED', notAfter: time(-1) }],
  ])('is %s at noon with %j', (status, changed) => {
    expect(certificateStatus({ ...CERTIFICATE, ...changed }, at(0))).toBe(status);
  });

  test.each<[string, CertificateFacts]>([
    ['REVOKED', { ...CERTIFICATE, status: 'issued' }],
    ['REVOKED', { ...CERTIFICATE, status: '' }],
    ['REVOKED', {}],
    ['NOT_YET_VALID', { ...CERTIFICATE, notBefore: 'long ago' }],
    ['NOT_YET_VALID', { status: 'ISSUED', notAfter: time(60) }],
    ['EXPIRED', { ...CERTIFICATE, notAfter: 'never' }],
    ['EXPIRED', { status: 'ISSUED', notBefore: time(-60) }],
    ['REPLACED', { ...CERTIFICATE, refuseAfter: '' }],
    ['REPLACED', { ...CERTIFICATE, refuseAfter: 'soon' }],
  ])('is %s for malformed facts: %j', (status, facts) => {
    expect(certificateStatus(facts, at(0))).toBe(status);
  });
});

describe('the refusal of a caller', () => {
  test.each<[string | undefined, { client?: ClientFacts; certificate?: CertificateFacts }]>([
    [undefined, {}],
    ['CLIENT_UNKNOWN', { client: { state: 'ENABLED' } }],
    ['CLIENT_UNKNOWN', { client: { ...CLIENT, spiffeId: 'spiffe://mesh.example.com/social' } }],
    ['CLIENT_DISABLED', { client: { ...CLIENT, state: 'DISABLED' } }],
    ['CLIENT_DISABLED', { client: { spiffeId: MAIL } }],
    ['CLIENT_DISABLED', { client: { ...CLIENT, state: 'enabled' } }],
    ['CERTIFICATE_UNKNOWN', { certificate: { ...CERTIFICATE, spiffeId: 'spiffe://mesh.example.com/social' } }],
    ['CERTIFICATE_UNKNOWN', { certificate: { status: 'ISSUED' } }],
    ['REVOKED', { certificate: { ...CERTIFICATE, status: 'REVOKED' }, client: { ...CLIENT, state: 'DISABLED' } }],
  ])('is %s with %j', (refusal, changed) => {
    expect(refusalOf({ client: CLIENT, certificate: CERTIFICATE, ...changed }, MAIL, at(0))).toBe(refusal);
  });

  test('needs both client and certificate', () => {
    expect(refusalOf({ client: undefined, certificate: CERTIFICATE }, MAIL, at(0))).toBe('CLIENT_UNKNOWN');
    expect(refusalOf({ client: CLIENT, certificate: undefined }, MAIL, at(0))).toBe('CERTIFICATE_UNKNOWN');
  });
});

describe('the end of acceptance', () => {
  test.each<[string, number, string, string | undefined]>([
    ['the end of validity', 60, time(60), undefined],
    ['the end of the overlap', 30, time(60), time(30)],
    ['the end of validity if the overlap ends later', 60, time(60), time(90)],
  ])('is %s', (_, end, notAfter, refuseAfter) => {
    const refusal = refuseAfter === undefined ? {} : { refuseAfter };
    expect(endOfAcceptance({ notAfter, ...refusal })).toBe(at(end).getTime());
  });
});

describe('whatever the registry holds', () => {
  const text = fc.oneof(
    fc.constantFrom('ISSUED', 'REVOKED', 'ENABLED', 'DISABLED', MAIL, '', 'spiffe://mesh.example.com/social'),
    fc.integer({ min: -120, max: 120 }).map(time),
    fc.string(),
  );
  const facts = <N extends string>(...names: readonly N[]): fc.Arbitrary<Partial<Record<N, string>> | undefined> => {
    const fields = Object.fromEntries(names.map((name) => [name, text])) as Record<N, typeof text>;
    return fc.option(fc.record<Partial<Record<N, string>>>(fields as never, { requiredKeys: [] }), { nil: undefined });
  };
  const client = facts('spiffeId', 'state');
  const certificate = facts('spiffeId', 'status', 'notBefore', 'notAfter', 'refuseAfter');
  const seconds = fc.integer({ min: -120, max: 120 });

  test('a caller is accepted only if every single fact speaks for it', () => {
    fc.assert(
      fc.property(client, certificate, seconds, (client, certificate, second) => {
        const isAccepted = refusalOf({ client, certificate }, MAIL, at(second)) === undefined;
        const now = at(second).getTime();
        const every =
          client?.spiffeId === MAIL &&
          client.state === 'ENABLED' &&
          certificate?.spiffeId === MAIL &&
          certificate.status === 'ISSUED' &&
          Date.parse(certificate.notBefore ?? '') <= now &&
          Date.parse(certificate.notAfter ?? '') >= now &&
          (certificate.refuseAfter === undefined || Date.parse(certificate.refuseAfter) > now);
        expect(isAccepted).toBe(every);
      }),
      { numRuns: 2_000 },
    );
  });

  test('an accepted caller is refused as soon as any one fact changes against it', () => {
    const against: readonly (readonly [ClientFacts, CertificateFacts])[] = [
      [{ state: 'DISABLED' }, {}],
      [{ spiffeId: `${MAIL}2` }, {}],
      [{}, { status: 'REVOKED' }],
      [{}, { spiffeId: `${MAIL}2` }],
      [{}, { refuseAfter: time(-60) }],
    ];
    fc.assert(
      fc.property(fc.integer({ min: -59, max: 59 }), fc.constantFrom(...against), (second, [clientChange, change]) => {
        expect(refusalOf({ client: CLIENT, certificate: CERTIFICATE }, MAIL, at(second))).toBeUndefined();
        const changed = { client: { ...CLIENT, ...clientChange }, certificate: { ...CERTIFICATE, ...change } };
        expect(refusalOf(changed, MAIL, at(second))).toBeDefined();
      }),
    );
  });

  test('a certificate that is no longer accepted is never accepted later', () => {
    fc.assert(
      fc.property(certificate, seconds, fc.nat(120), (facts, second, later) => {
        const status = certificateStatus(facts ?? {}, at(second));
        if (status === 'ISSUED' || status === 'NOT_YET_VALID') return;
        expect(certificateStatus(facts ?? {}, at(second + later))).not.toBe('ISSUED');
      }),
      { numRuns: 2_000 },
    );
  });
});
