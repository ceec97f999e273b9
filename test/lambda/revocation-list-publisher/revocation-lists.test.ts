import type { LogEntry } from '../../../aws/cloudwatch';
import type { ObjectContent, ObjectState } from '../../../aws/conditional-objects';
import { AuthorityStore } from '../../../lambda/kms-authority/authority-store';
import { RevocationLists, RevocationListsBusyError } from '../../../lambda/revocation-list-publisher/revocation-lists';
import { RevokedCertificates } from '../../../lambda/revocation-list-publisher/revoked-certificates';
import { authorityParameterName } from '../../../mesh/names';
import { signRootCertificate } from '../../../pki/certificate-signing';
import { readRevocationList } from '../../../pki/revocation-list-reader';
import { certificateKey } from '../../../registry/records';
import { MemoryRegistry } from '../../registry/memory-registry';
import { certificateOf } from '../../registry/registry-entries';
import { MemoryKms } from '../kms-authority/memory-kms';
import { MemoryParameters } from '../kms-authority/memory-parameters';

const signal = new AbortController().signal;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Objects that are put on conditions, in memory. */
class MemoryConditionalObjects {
  readonly objects = new Map<string, ObjectContent & ObjectState>();
  puts = 0;

  async state(_bucket: string, key: string): Promise<ObjectState | undefined> {
    return this.objects.get(key);
  }

  async put(object: ObjectContent, seen: ObjectState | undefined): Promise<boolean> {
    if (this.objects.get(object.key)?.entityTag !== seen?.entityTag) return false;
    this.objects.set(object.key, { ...object, entityTag: `"${++this.puts}"` });
    return true;
  }
}

let kms: MemoryKms;
let parameters: MemoryParameters;
let registry: MemoryRegistry;
let objects: MemoryConditionalObjects;
let authority: string;
let now: Date;
const logs: LogEntry[] = [];
let published: number;

beforeEach(async () => {
  kms = new MemoryKms();
  parameters = new MemoryParameters();
  registry = new MemoryRegistry();
  objects = new MemoryConditionalObjects();
  now = new Date('2026-11-28T12:00:00Z');
  authority = await createAuthority('Example Root');
  logs.length = 0;
  published = 0;
});

async function createAuthority(commonName: string): Promise<string> {
  const arn = await kms.create();
  const certificateChain = await signRootCertificate(
    {
      subject: { commonName },
      notBefore: new Date(now.getTime() - DAY),
      notAfter: new Date(now.getTime() + 3650 * DAY),
    },
    kms.signer(arn),
    signal,
  );
  const stored = { certificateChain, revocationLists: '', order: '' };
  parameters.values.set(authorityParameterName(arn.split('/')[1] ?? ''), JSON.stringify(stored));
  return arn;
}

function listsOf(...arns: readonly string[]): RevocationLists {
  const log = (entry: LogEntry) => void logs.push(entry);
  return new RevocationLists({
    authorities: arns.map((certificateAuthorityArn) => ({
      certificateAuthorityArn,
      signingAlgorithm: 'SHA256WITHECDSA',
    })),
    bucket: 'revocation-lists',
    validityHours: 24,
    revoked: new RevokedCertificates({ survey: registry.survey, log }),
    authorityStore: new AuthorityStore(parameters),
    kms,
    objects,
    metrics: { put: async () => void published++ },
    now: () => now,
    log,
  });
}

/** A certificate in the registry. The serial number is also the start of its fingerprint. */
function addCertificate(serialNumber: string, change: object = {}): void {
  const certificate = certificateOf({
    fingerprint: `${serialNumber}:00`,
    serialNumber,
    certificateAuthorityArn: authority,
    notAfter: new Date(now.getTime() + 7 * DAY).toISOString(),
    ...change,
  });
  registry.certificates.set(certificate.fingerprint, certificate);
}

const revoked = (reason: string) => ({
  status: 'REVOKED',
  revokedAt: '2026-11-28T11:00:00.000Z',
  revocationReason: reason,
});

function listIn(key: string) {
  const content = objects.objects.get(key)?.content;
  if (content === undefined) throw new Error(`no object ${key}`);
  return readRevocationList(key.endsWith('.pem') ? String(content) : content);
}

const derKey = (arn: string) => `${arn.split('/')[1]}.crl`;

describe('revocation lists', () => {
  test('name the revoked certificates of an authority with reason and time', async () => {
    addCertificate('0A', revoked('KEY_COMPROMISE'));
    addCertificate('0B');
    addCertificate('0C', revoked('UNSPECIFIED'));

    await listsOf(authority).publish(undefined, signal);

    const list = listIn('crl.pem');
    expect(list.entries).toEqual([
      { serialNumber: '0A', reason: 'KEY_COMPROMISE', revokedAt: new Date('2026-11-28T11:00:00Z') },
      { serialNumber: '0C', reason: 'UNSPECIFIED', revokedAt: new Date('2026-11-28T11:00:00Z') },
    ]);
    expect([list.thisUpdate, list.nextUpdate]).toEqual([now, new Date(now.getTime() + DAY)]);
    expect(objects.objects.get(derKey(authority))).toMatchObject({ contentType: 'application/pkix-crl' });
    expect(listIn(derKey(authority)).entries).toEqual(list.entries);
    expect(published).toBe(1);
  });

  test('are empty lists as long as nothing is revoked', async () => {
    await listsOf(authority).publish(undefined, signal);
    expect(listIn('crl.pem').entries).toEqual([]);
  });

  test('are one for each authority, with the certificates of that authority only', async () => {
    const other = await createAuthority('Other Root');
    addCertificate('0A', revoked('SUPERSEDED'));
    addCertificate('0B', { ...revoked('SUPERSEDED'), certificateAuthorityArn: other });

    await listsOf(authority, other).publish(undefined, signal);

    expect(listIn(derKey(authority)).entries.map(({ serialNumber }) => serialNumber)).toEqual(['0A']);
    expect(listIn(derKey(other)).entries.map(({ serialNumber }) => serialNumber)).toEqual(['0B']);
    expect(String(objects.objects.get('crl.pem')?.content).match(/BEGIN X509 CRL/g)).toHaveLength(2);
  });

  test('contain the lists of the authorities above, each once', async () => {
    const name = authorityParameterName(authority.split('/')[1] ?? '');
    const stored = JSON.parse(parameters.values.get(name) ?? '');
    parameters.values.set(name, JSON.stringify({ ...stored, revocationLists: 'LIST OF THE ROOT\n' }));
    await listsOf(authority).publish(undefined, signal);
    expect(String(objects.objects.get('crl.pem')?.content).match(/LIST OF THE ROOT/g)).toHaveLength(1);
  });

  test('drop an expired certificate after they have named it once more', async () => {
    addCertificate('0A', revoked('KEY_COMPROMISE'));
    const lists = listsOf(authority);
    const serialNumbers = async (days: number) => {
      now = new Date(Date.parse('2026-11-28T12:00:00Z') + days * DAY);
      await lists.publish(undefined, signal);
      return listIn('crl.pem').entries.map(({ serialNumber }) => serialNumber);
    };
    expect(await serialNumbers(0)).toEqual(['0A']);
    expect(await serialNumbers(6)).toEqual(['0A']);
    expect(await serialNumbers(8)).toEqual(['0A']);
    expect(await serialNumbers(9)).toEqual([]);
  });

  test('have numbers that rise, also within a second and after the objects were lost', async () => {
    const lists = listsOf(authority);
    const numbers: bigint[] = [];
    for (const hours of [0, 0, 1]) {
      now = new Date(now.getTime() + hours * HOUR);
      await lists.publish(undefined, signal);
      numbers.push(listIn('crl.pem').number);
    }
    objects.objects.clear();
    now = new Date(now.getTime() + HOUR);
    await lists.publish(undefined, signal);
    numbers.push(listIn('crl.pem').number);
    expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => (one < other ? -1 : 1)));
  });

  test('replace what somebody else has put there', async () => {
    await objects.put(
      {
        bucket: 'revocation-lists',
        key: 'crl.pem',
        content: Buffer.from('anything'),
        contentType: '',
        metadata: { number: 'x' },
      },
      undefined,
    );
    await listsOf(authority).publish(undefined, signal);
    expect(listIn('crl.pem').entries).toEqual([]);
  });

  test('with a list that cannot be signed are not published', async () => {
    await expect(listsOf(authority, await kms.create()).publish(undefined, signal)).rejects.toThrow(
      'has no certificate',
    );
    expect(objects.objects.size).toBe(0);
    expect(published).toBe(0);
  });
});

describe('runs at the same time', () => {
  test('leave the list of the run that looked at the registry last', async () => {
    addCertificate('0A', revoked('KEY_COMPROMISE'));
    const put = objects.put.bind(objects);
    let isFirst = true;
    jest.spyOn(objects, 'put').mockImplementation(async (object, seen) => {
      if (isFirst && object.key === 'crl.pem') {
        isFirst = false;
        // After this run has looked, another certificate is revoked, and a second run publishes it.
        addCertificate('0B', revoked('KEY_COMPROMISE'));
        await listsOf(authority).publish(undefined, signal);
      }
      return put(object, seen);
    });

    await listsOf(authority).publish(undefined, signal);

    for (const key of ['crl.pem', derKey(authority)]) {
      expect(listIn(key).entries.map(({ serialNumber }) => serialNumber)).toEqual(['0A', '0B']);
    }
    expect(listIn(derKey(authority)).number).toBe(listIn('crl.pem').number);
  });

  test('do not put the list of a run back over that of a later one', async () => {
    const put = objects.put.bind(objects);
    let isFirst = true;
    jest.spyOn(objects, 'put').mockImplementation(async (object, seen) => {
      if (isFirst && object.key.endsWith('.crl')) {
        isFirst = false;
        addCertificate('0B', revoked('KEY_COMPROMISE'));
        await listsOf(authority).publish(undefined, signal);
      }
      return put(object, seen);
    });
    await listsOf(authority).publish(undefined, signal);
    expect(listIn(derKey(authority)).entries).toHaveLength(1);
  });

  test('give up when others are always faster', async () => {
    jest.spyOn(objects, 'put').mockResolvedValue(false);
    await expect(listsOf(authority).publish(undefined, signal)).rejects.toThrow(RevocationListsBusyError);
  });
});

describe('a reported revocation', () => {
  const report = (serialNumber: string, at = now) => ({
    certificate: certificateKey('mail', `${serialNumber}:00`),
    at,
  });

  test('is published although the index of the registry does not know it yet', async () => {
    addCertificate('0A', revoked('KEY_COMPROMISE'));
    jest.spyOn(registry.survey, 'certificatesOfAuthority').mockImplementation(async function* () {});
    await listsOf(authority).publish(report('0A'), signal);
    expect(listIn('crl.pem').entries.map(({ serialNumber }) => serialNumber)).toEqual(['0A']);
  });

  test('is not published again when the lists are newer', async () => {
    addCertificate('0A', revoked('KEY_COMPROMISE'));
    const at = now;
    now = new Date(now.getTime() + 6_000);
    await listsOf(authority).publish(undefined, signal);
    const { puts } = objects;
    await listsOf(authority).publish(report('0A', at), signal);
    expect(objects.puts).toBe(puts);
  });

  test.each([
    ['of a certificate that the registry does not know', undefined],
    ['of a certificate that is not revoked', {}],
    ['of another authority', { ...revoked('SUPERSEDED'), certificateAuthorityArn: 'arn:aws:kms:::key/other' }],
    ['of an expired certificate', { ...revoked('SUPERSEDED'), notAfter: '2026-11-27T00:00:00.000Z' }],
  ])('%s adds nothing', async (_what, change) => {
    if (change !== undefined) addCertificate('0A', change);
    await listsOf(authority).publish(report('0A'), signal);
    expect(listIn('crl.pem').entries).toEqual([]);
  });
});

test('a revoked certificate without a serial number is named in the log, because no list can contain it', async () => {
  addCertificate('0A', revoked('KEY_COMPROMISE'));
  addCertificate('zz', revoked('KEY_COMPROMISE'));
  await listsOf(authority).publish(undefined, signal);
  expect(listIn('crl.pem').entries).toHaveLength(1);
  expect(logs).toContainEqual({ event: 'revocation-list-incomplete', client: 'mail', fingerprint: 'zz:00' });
});
