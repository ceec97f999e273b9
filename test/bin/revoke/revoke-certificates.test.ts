import { setImmediate } from 'node:timers/promises';
import { failureLines } from '../../../bin/revoke/revoke';
import { type CertificateSelection, revokeCertificates } from '../../../bin/revoke/revoke-certificates';
import { certificateOf, clientOf, externalClientOf, MemoryMesh, NOW, OPERATOR } from '../shared/memory-mesh';

const revokedBefore = {
  status: 'REVOKED',
  revokedAt: '2026-11-21T00:00:00.000Z',
  revokedBy: 'deployment',
  revocationReason: 'SUPERSEDED',
} as const;

const serials = (mesh: MemoryMesh) =>
  [...mesh.registry.certificates.values()].flatMap(({ status, serialNumber }) =>
    status === 'REVOKED' ? [serialNumber] : [],
  );

const meshOf = (...certificates: Parameters<typeof certificateOf>[]) =>
  new MemoryMesh(
    [clientOf('mail'), clientOf('social')],
    certificates.map((each) => certificateOf(...each)),
  );

test('marks every certificate in the registry before any authority is told', async () => {
  const mesh = meshOf(['mail', '0A'], ['mail', '0B'], ['social', '0C']);

  await revokeCertificates(mesh, 'mail', { kind: 'all' }, 'KEY_COMPROMISE');

  expect(mesh.steps).toEqual(['marked 0A', 'marked 0B', 'told 0A', 'told 0B']);
  expect(mesh.certificate('0A')).toMatchObject({
    status: 'REVOKED',
    revokedAt: NOW.toISOString(),
    revokedBy: OPERATOR,
    revocationReason: 'KEY_COMPROMISE',
    revokedAtAuthority: NOW.toISOString(),
  });
  expect(mesh.certificate('0C').status).toBe('ISSUED');
});

test('all are all, whatever their dates: clocks can be wrong', async () => {
  const mesh = meshOf(
    ['mail', '01', { notAfter: new Date(NOW.getTime() - 1).toISOString() }],
    ['mail', '02', { refuseAfter: NOW.toISOString() }],
    ['mail', '03', { ...revokedBefore, revokedAtAuthority: NOW.toISOString() }],
    ['mail', '04'],
    ['mail', '05', { currentSince: undefined }],
    ['mail', '06', { notBefore: '2026-12-01T00:00:00.000Z', notAfter: '2026-12-08T00:00:00.000Z' }],
    ['social', '07'],
  );
  // The clock of the operator's machine does not matter.
  mesh.now = () => new Date('2027-11-22T12:00:00.000Z');

  const revoked = await revokeCertificates(mesh, 'mail', { kind: 'all' }, 'UNSPECIFIED');

  expect(revoked.filter(({ already }) => already).map(({ serialNumber }) => serialNumber)).toEqual(['03']);
  expect(revoked.filter(({ expired }) => expired).map(({ serialNumber }) => serialNumber)).toEqual(['01']);
  expect(serials(mesh)).toEqual(['01', '02', '03', '04', '05', '06']);
  expect(mesh.told.map(([serialNumber]) => serialNumber)).toEqual(['02', '04', '05', '06']);
  expect(mesh.counted).toHaveLength(4);
  const again = await revokeCertificates(mesh, 'mail', { kind: 'all' }, 'KEY_COMPROMISE');
  expect(again.every(({ already }) => already)).toBe(true);
  expect(mesh.told).toHaveLength(4);
});

/** `mail` with so many certificates. */
const meshWithMany = (count: number) =>
  meshOf(...Array.from({ length: count }, (_, index) => ['mail', `${index + 10}`] as [string, string]));

test('a few authorities are told at a time, not one after the other', async () => {
  const mesh = meshWithMany(30);
  let [active, most] = [0, 0];
  mesh.onTell = async () => {
    most = Math.max(most, ++active);
    await setImmediate();
    active--;
  };

  const revoked = await revokeCertificates(mesh, 'mail', { kind: 'all' }, 'KEY_COMPROMISE');

  expect(most).toBe(10);
  expect(mesh.told).toHaveLength(30);
  expect(revoked.flatMap(({ failures }) => failures)).toEqual([]);
});

test('when the time is up, everything is refused and the result says what remains for the hourly run', async () => {
  const mesh = meshWithMany(25);
  mesh.onTell = async (serialNumber, signal) => {
    if (Number(serialNumber) < 22) return;
    while (mesh.sent.length < 25) await setImmediate();
    mesh.timeUp.abort();
    signal.throwIfAborted();
  };

  const revoked = await revokeCertificates(mesh, 'mail', { kind: 'all' }, 'KEY_COMPROMISE');

  expect(serials(mesh)).toHaveLength(25);
  expect(mesh.told).toHaveLength(12);
  expect(mesh.sent).toHaveLength(25);
  const remaining =
    'the time was too short to revoke the certificate at its authority; the mesh tries again within the hour';
  expect(revoked.filter(({ failures }) => failures.length === 0).map(({ serialNumber }) => serialNumber)).toEqual(
    mesh.told.map(([serialNumber]) => serialNumber),
  );
  expect(failureLines(revoked)).toEqual([`13 certificates: ${remaining}`]);
});

test('events that there is no time for are named', async () => {
  const mesh = meshOf(['mail', '0A']);
  mesh.timeUp.abort();

  const revoked = await revokeCertificates(mesh, 'mail', { kind: 'all' }, 'KEY_COMPROMISE');

  expect(serials(mesh)).toEqual(['0A']);
  expect([mesh.told, mesh.sent]).toEqual([[], []]);
  expect(failureLines(revoked)).toEqual([
    'the time was too short to revoke the certificate at its authority; the mesh tries again within the hour',
    'the time was too short to send the event of the revocation',
  ]);
});

test('a certificate that can not be marked keeps no other one from being revoked', async () => {
  const mesh = meshWithMany(12);
  mesh.failures.marks.set('FI:NG:10', new Error('no answer'));

  await expect(revokeCertificates(mesh, 'mail', { kind: 'all' }, 'KEY_COMPROMISE')).rejects.toThrow(
    'could not revoke 1 of the certificates of mail, revoke them again: no answer',
  );

  expect(serials(mesh)).toHaveLength(11);
  expect(mesh.certificate('10').status).toBe('ISSUED');
  expect([mesh.told.length, mesh.sent.length]).toEqual([11, 11]);
});

test('a certificate that is issued during the revocation of all is revoked as well', async () => {
  const mesh = meshOf(['mail', '0A']);
  const mark = mesh.registry.markRevoked.bind(mesh.registry);
  jest.spyOn(mesh.registry, 'markRevoked').mockImplementationOnce((id, revocation) => {
    const late = certificateOf('mail', '0B');
    mesh.registry.certificates.set(late.fingerprint, late);
    return mark(id, revocation);
  });

  await revokeCertificates(mesh, 'mail', { kind: 'all' }, 'KEY_COMPROMISE');

  expect(serials(mesh)).toEqual(['0A', '0B']);
});

test.each(['KEY_COMPROMISE', 'UNSPECIFIED', 'PRIVILEGE_WITHDRAWN', 'SUPERSEDED', 'CESSATION_OF_OPERATION'] as const)(
  'the key goes with the certificate, unless the reason does not concern it: %s',
  async (reason) => {
    const mesh = meshOf(['mail', '0A', { publicKeyHash: 'hash' }]);

    await revokeCertificates(mesh, 'mail', { kind: 'all' }, reason);

    const isKept = reason === 'SUPERSEDED' || reason === 'CESSATION_OF_OPERATION';
    expect(mesh.registry.publicKeys.get('hash')?.revokedAt).toBe(isKept ? undefined : NOW.toISOString());
  },
);

test.each([
  ['KEY_COMPROMISE', ['0A', '0B', '0C']],
  ['SUPERSEDED', ['0B', '0C']],
] as const)('if one of several certificates for a key is revoked as %s, revoked are %s', async (reason, revoked) => {
  const mesh = meshOf(
    ['mail', '0A', { publicKeyHash: 'hash' }],
    ['mail', '0B', { publicKeyHash: 'hash', ...revokedBefore }],
    ['mail', '0C', { publicKeyHash: 'hash' }],
    ['mail', '0D', { publicKeyHash: 'other' }],
    ['mail', '0E'],
  );

  await revokeCertificates(mesh, 'mail', { kind: 'serialNumber', serialNumber: '0C' }, reason);

  expect(serials(mesh)).toEqual(revoked);
});

test.each<[string, CertificateSelection]>([
  ['serial number', { kind: 'serialNumber', serialNumber: '0AFF' }],
  ['serial number in lower case with colons', { kind: 'serialNumber', serialNumber: '0a:ff' }],
  ['serial number without its leading zero', { kind: 'serialNumber', serialNumber: 'AFF' }],
  ['serial number and issuer', { kind: 'serialNumber', serialNumber: '0AFF', issuer: 'CN=mesh.example.com' }],
  ['secret version', { kind: 'version', secretVersionId: 'version-0AFF' }],
])('one certificate is chosen by %s', async (_, selection) => {
  const mesh = meshOf(['mail', '0AFF'], ['mail', '0B'], ['social', '0C']);

  await revokeCertificates(mesh, 'mail', selection, 'SUPERSEDED');

  expect(serials(mesh)).toEqual(['0AFF']);
});

test.each<[string, CertificateSelection]>([
  ['serial number', { kind: 'serialNumber', serialNumber: '0D' }],
  ['serial number that is not one', { kind: 'serialNumber', serialNumber: '' }],
  ['issuer', { kind: 'serialNumber', serialNumber: '0A', issuer: 'CN=other.example.com' }],
  ['secret version', { kind: 'version', secretVersionId: 'version-0D' }],
  ['serial number that is another client’s', { kind: 'serialNumber', serialNumber: '0C' }],
])('an unknown %s is refused with those there are, and nothing is revoked', async (_, selection) => {
  const mesh = meshOf(['mail', '0A'], ['mail', '0B'], ['social', '0C']);

  await expect(revokeCertificates(mesh, 'mail', selection, 'SUPERSEDED')).rejects.toThrow(
    'the client mail of mesh.example.com has no such certificate: its certificates are 0A (secret version version-0A), 0B (secret version version-0B)',
  );
  expect(mesh.steps).toEqual([]);
});

test('the first digits of a serial number are refused with all of them, and nothing is revoked', async () => {
  const mesh = meshOf(['mail', '5E0C77']);

  await expect(
    revokeCertificates(mesh, 'mail', { kind: 'serialNumber', serialNumber: '5e:0c' }, 'SUPERSEDED'),
  ).rejects.toThrow(
    'the client mail of mesh.example.com has no certificate with that serial number, of which digits are missing: its certificates are 5E0C77',
  );
  expect(mesh.steps).toEqual([]);
});

test('a serial number that two issuers gave needs the issuer', async () => {
  const mesh = meshOf(['mail', '0A'], ['mail', '0A', { issuer: 'CN=older.example.com', fingerprint: 'other' }]);

  await expect(
    revokeCertificates(mesh, 'mail', { kind: 'serialNumber', serialNumber: '0A' }, 'SUPERSEDED'),
  ).rejects.toThrow(
    'more than one issuer has used the serial number, specify one with --issuer: CN=mesh.example.com; CN=older.example.com',
  );
  expect(mesh.steps).toEqual([]);
});

test('an unknown client is refused with those there are', async () => {
  await expect(revokeCertificates(meshOf(), 'malory', { kind: 'all' }, 'SUPERSEDED')).rejects.toThrow(
    'the mesh mesh.example.com has no client "malory": its clients are mail, social',
  );
});

test.each([
  ['nobody', []],
  ['a client with certificates of another authority', [externalClientOf('malory')]],
])('an order for %s is an error and no empty success, also without the command', async (_who, clients) => {
  const mesh = new MemoryMesh([clientOf('mail'), ...clients], [certificateOf('mail', '0A')]);

  const revoked = mesh.revoke({ clientName: 'malory', reason: 'KEY_COMPROMISE', by: OPERATOR });

  await expect(revoked).rejects.toMatchObject({
    name: 'UnknownCertificateError',
    message: 'the mesh has issued no certificates to a client malory',
  });
});

test('a client that has no certificate yet has nothing to revoke', async () => {
  await expect(revokeCertificates(meshOf(), 'mail', { kind: 'all' }, 'KEY_COMPROMISE')).resolves.toEqual([]);
});

test('a removed client, of which only certificates are left, can be revoked', async () => {
  const mesh = new MemoryMesh([], [certificateOf('mail', '0A')]);

  await mesh.revoke({ clientName: 'mail', reason: 'KEY_COMPROMISE', by: OPERATOR });

  expect(serials(mesh)).toEqual(['0A']);
});

test('an order with unknown certificates is an error, and the known ones are revoked', async () => {
  const mesh = meshOf(['mail', '0A'], ['mail', '0B'], ['social', '0C']);
  const unknown = ['FI:NG:0C', ...Array.from({ length: 6 }, (_, index) => `FI:NG:D${index}`)];

  const revoked = mesh.revoke({
    clientName: 'mail',
    fingerprints: ['FI:NG:0A', ...unknown],
    reason: 'KEY_COMPROMISE',
    by: OPERATOR,
  });

  await expect(revoked).rejects.toMatchObject({
    name: 'UnknownCertificateError',
    message:
      'client mail has no certificate FI:NG:0C, FI:NG:D0, FI:NG:D1, FI:NG:D2, FI:NG:D3 and 2 others; ' +
      'the others of the order are revoked',
  });
  expect(serials(mesh)).toEqual(['0A']);
  expect(mesh.told.map(([serialNumber]) => serialNumber)).toEqual(['0A']);
});

test('what is revoked already stays as it was, and is neither reported nor counted again', async () => {
  const mesh = meshOf(['mail', '0A', { ...revokedBefore, revokedAtAuthority: NOW.toISOString() }]);

  const [outcome] = await revokeCertificates(
    mesh,
    'mail',
    { kind: 'version', secretVersionId: 'version-0A' },
    'KEY_COMPROMISE',
  );

  expect(outcome).toMatchObject({
    already: true,
    failures: [],
    revokedAt: revokedBefore.revokedAt,
    reason: 'SUPERSEDED',
  });
  expect(mesh.certificate('0A')).toMatchObject(revokedBefore);
  expect([mesh.steps, mesh.sent, mesh.counted]).toEqual([[], [], []]);
});

test('an authority that can not be told undoes nothing, and is told when the command is run again', async () => {
  const mesh = meshOf(['mail', '0A']);
  mesh.failures.authority = Object.assign(new Error('Rate\n exceeded'), { name: 'ThrottlingException', $metadata: {} });

  const [first] = await revokeCertificates(mesh, 'mail', { kind: 'all' }, 'KEY_COMPROMISE');
  expect(first?.failures).toEqual([
    'could not revoke the certificate at its authority: Rate exceeded; the mesh tries again within the hour',
  ]);
  expect(mesh.certificate('0A').status).toBe('REVOKED');
  expect(mesh.certificate('0A').revokedAtAuthority).toBeUndefined();

  mesh.failures.authority = undefined;
  const [second] = await revokeCertificates(mesh, 'mail', { kind: 'all' }, 'SUPERSEDED');
  expect(second).toMatchObject({ already: true, failures: [] });
  expect(mesh.told).toEqual([['0A', 'KEY_COMPROMISE']]);
});

test('others are told of it by an event', async () => {
  const mesh = meshOf(['mail', '0A']);

  await revokeCertificates(mesh, 'mail', { kind: 'all' }, 'KEY_COMPROMISE');

  expect(mesh.sent).toEqual([
    [
      'Certificate Revoked',
      {
        trustDomain: 'mesh.example.com',
        clientName: 'mail',
        spiffeId: 'spiffe://mesh.example.com/mail',
        serialNumber: '0A',
        fingerprint: 'FI:NG:0A',
        notAfter: '2026-11-27T00:00:00.000Z',
        reason: 'KEY_COMPROMISE',
      },
    ],
  ]);
});

test('a revocation is counted once for each certificate', async () => {
  const mesh = meshOf(['mail', '0A'], ['mail', '0B']);

  await revokeCertificates(mesh, 'mail', { kind: 'all' }, 'KEY_COMPROMISE');

  expect(mesh.counted).toEqual([
    ['CertificatesRevoked', 1],
    ['CertificatesRevoked', 1],
  ]);
});

test.each([
  ['events', 'the event "Certificate Revoked" could not be sent: no answer'],
  ['metrics', 'the metric CertificatesRevoked could not be counted: no answer'],
] as const)(
  'what could not be recorded is reported, and the certificate stays revoked: %s',
  async (service, failure) => {
    const mesh = meshOf(['mail', '0A']);
    mesh.failures[service] = new Error('no answer');

    const [revoked] = await revokeCertificates(mesh, 'mail', { kind: 'all' }, 'KEY_COMPROMISE');

    expect(revoked?.failures).toEqual([failure]);
    expect(mesh.certificate('0A')).toMatchObject({ status: 'REVOKED', revokedAtAuthority: NOW.toISOString() });
  },
);

test('nothing is revoked of a client with certificates of another authority', async () => {
  const mesh = new MemoryMesh([externalClientOf('mail')], [certificateOf('mail', '0A')]);

  await expect(revokeCertificates(mesh, 'mail', { kind: 'all' }, 'KEY_COMPROMISE')).rejects.toThrow(
    /the trust anchor partner issues the certificates of mail, not the mesh: disable the client/,
  );
  expect(mesh.steps).toEqual([]);
});

describe('a certificate whose item somebody has spoilt', () => {
  const problem = 'the attribute "issuedBy" must be one of deployment, rotation, request';
  let warn: jest.SpyInstance;
  beforeEach(() => {
    warn = jest.spyOn(console, 'error').mockReturnValue();
  });
  afterEach(() => warn.mockRestore());

  const spoilt = (mesh: MemoryMesh, readable: object) => {
    const certificate = { clientName: 'mail', fingerprint: 'FI:NG:0B', ...readable };
    const key = { partitionKey: 'CLIENT#mail', sortKey: 'CERTIFICATE#FI:NG:0B' };
    mesh.registry.malformed.push({ key, clientName: 'mail', problem, certificate });
  };
  const readable = {
    status: 'ISSUED',
    serialNumber: '0B',
    certificateAuthorityArn: 'arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/1',
    publicKeyHash: 'hash',
    spiffeId: 'spiffe://mesh.example.com/mail',
    notAfter: '2026-11-27T00:00:00.000Z',
  };

  test('is revoked, with its key and at its authority, when all of that can be read', async () => {
    const mesh = meshOf(['mail', '0A']);
    spoilt(mesh, readable);

    const revoked = await revokeCertificates(mesh, 'mail', { kind: 'all' }, 'KEY_COMPROMISE');

    expect(mesh.registry.malformed[0]?.certificate?.status).toBe('REVOKED');
    expect(mesh.registry.publicKeys.get('hash')?.revokedAt).toBe(NOW.toISOString());
    expect(mesh.told.map(([serialNumber]) => serialNumber)).toEqual(['0A', '0B']);
    expect(mesh.sent.map(([, { serialNumber, fingerprint }]) => [serialNumber, fingerprint])).toEqual([
      ['0A', 'FI:NG:0A'],
      ['0B', 'FI:NG:0B'],
    ]);
    expect(revoked.at(-1)).toEqual({
      serialNumber: '0B',
      fingerprint: 'FI:NG:0B',
      already: false,
      expired: false,
      revokedAt: NOW.toISOString(),
      reason: 'KEY_COMPROMISE',
      failures: [],
    });
    expect(warn.mock.calls).toEqual([[`skipped: ${problem}`]]);
  });

  test('takes others for the same key with it', async () => {
    const mesh = meshOf(['mail', '0A', { publicKeyHash: 'hash' }], ['mail', '0C']);
    spoilt(mesh, readable);

    await mesh.revoke({ clientName: 'mail', fingerprints: ['FI:NG:0B'], reason: 'KEY_COMPROMISE', by: OPERATOR });

    expect(serials(mesh)).toEqual(['0A']);
  });

  test.each<[string, object, readonly string[]]>([
    [
      'serial number and authority',
      { serialNumber: undefined, certificateAuthorityArn: undefined },
      [
        'could not revoke the certificate at its authority: the registry does not say its serial number and authority; ' +
          `the mesh does not try again: ${problem}`,
      ],
    ],
    ['key', { publicKeyHash: undefined }, [`could not revoke the key of the certificate: ${problem}`]],
    ['expiry', { notAfter: '' }, []],
    ['client', { spiffeId: '' }, []],
  ])('is marked, and the result says what could not be revoked without its %s', async (_case, missing, failures) => {
    const mesh = meshOf();
    spoilt(mesh, { ...readable, ...missing });

    const [revoked] = await revokeCertificates(mesh, 'mail', { kind: 'all' }, 'KEY_COMPROMISE');

    expect(mesh.registry.malformed[0]?.certificate?.status).toBe('REVOKED');
    expect(revoked).toMatchObject({ fingerprint: 'FI:NG:0B', already: false, failures });
  });

  test('is told to its authority by no hourly run', async () => {
    const mesh = meshOf();
    spoilt(mesh, readable);
    mesh.failures.authority = new Error('no answer');

    const [revoked] = await revokeCertificates(mesh, 'mail', { kind: 'all' }, 'SUPERSEDED');

    expect(revoked?.failures).toEqual([
      `could not revoke the certificate at its authority: no answer; the mesh does not try again: ${problem}`,
    ]);
  });

  test('is not told again to an authority that knows', async () => {
    const mesh = meshOf();
    spoilt(mesh, { ...readable, ...revokedBefore, revokedAtAuthority: NOW.toISOString() });

    const [revoked] = await revokeCertificates(mesh, 'mail', { kind: 'all' }, 'SUPERSEDED');

    expect(revoked).toMatchObject({ already: true, revokedAt: revokedBefore.revokedAt, failures: [] });
    expect([mesh.told, mesh.sent]).toEqual([[], []]);
  });
});
