import type { LogEntry } from '../../../aws/cloudwatch';
import type { ObjectContent } from '../../../aws/conditional-objects';
import { AuthorityStore } from '../../../lambda/kms-authority/authority-store';
import { AuthorityLists } from '../../../lambda/revocation-list-publisher/authority-list';
import {
  RevocationLists,
  RevocationListsBusyError,
  RevocationListsIncompleteError,
} from '../../../lambda/revocation-list-publisher/revocation-lists';
import { RevokedCertificates } from '../../../lambda/revocation-list-publisher/revoked-certificates';
import { authorityParameterName } from '../../../mesh/names';
import { signRootCertificate } from '../../../pki/certificate-signing';
import { readRevocationList, readRevocationLists } from '../../../pki/revocation-list-reader';
import { certificateKey } from '../../../registry/records';
import { MemoryRegistry } from '../../registry/memory-registry';
import { certificateOf } from '../../registry/registry-entries';
import { MemoryKms } from '../kms-authority/memory-kms';
import { MemoryParameters } from '../kms-authority/memory-parameters';

const signal = new AbortController().signal;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Objects that are replaced on conditions, in memory. */
class MemoryConditionalObjects {
  readonly objects = new Map<string, ObjectContent & { readonly entityTag: string }>();
  puts = 0;

  async read(_bucket: string, key: string) {
    const object = this.objects.get(key);
    return object && { text: String(object.content), entityTag: object.entityTag };
  }

  async put(object: ObjectContent): Promise<void> {
    this.objects.set(object.key, { ...object, entityTag: `"${++this.puts}"` });
  }

  async replace(object: ObjectContent, seen: { readonly entityTag: string } | undefined): Promise<boolean> {
    if (this.objects.get(object.key)?.entityTag !== seen?.entityTag) return false;
    await this.put(object);
    return true;
  }
}

let kms: MemoryKms;
let parameters: MemoryParameters;
let registry: MemoryRegistry;
let objects: MemoryConditionalObjects;
let authority: string;
let now: Date;
/** The names of authorities, by their ARNs. */
const names = new Map<string, string>();
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
  names.set(arn, commonName);
  const certificateChain = await signRootCertificate(
    {
      subject: { commonName },
      notBefore: new Date(now.getTime() - DAY),
      notAfter: new Date(now.getTime() + 3650 * DAY),
    },
    kms.signer(arn),
    signal,
  );
  keep(arn, certificateChain);
  return arn;
}

function keep(arn: string, certificateChain: string): void {
  parameters.set(parameterOf(arn), JSON.stringify({ certificateChain, revocationLists: '', order: '' }));
}

function chainOf(arn: string): string {
  return JSON.parse(parameters.find(parameterOf(arn)) ?? '').certificateChain;
}

function parameterOf(arn: string): string {
  return authorityParameterName(arn.split('/')[1] ?? '');
}

function listsOf(...arns: readonly string[]): RevocationLists {
  const log = (entry: LogEntry) => void logs.push(entry);
  return new RevocationLists({
    authorities: arns.map((certificateAuthorityArn) => ({
      certificateAuthorityArn,
      issuerKeyArn: certificateAuthorityArn,
      signingAlgorithm: 'SHA256WITHECDSA',
      subject: { commonName: names.get(certificateAuthorityArn) ?? '' },
    })),
    bucket: 'revocation-lists',
    lists: new AuthorityLists({
      validityHours: 24,
      revoked: new RevokedCertificates({ survey: registry.survey, log }),
      authorityStore: new AuthorityStore(parameters),
      kms,
      now: () => now,
    }),
    objects,
    metrics: { put: async () => void published++ },
    pause: async () => undefined,
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
    expect([list.thisUpdate, list.nextUpdate]).toEqual([new Date(now.getTime() - HOUR), new Date(now.getTime() + DAY)]);
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

  test('of other authorities are published when that of one can not be made, and its last one stays', async () => {
    const other = await createAuthority('Other Root');
    await listsOf(authority, other).publish(undefined, signal);
    const last = listIn(derKey(other));
    const disabled = new Error('kms:Sign failed with DisabledException');
    published = 0;
    jest.spyOn(kms, 'sign').mockImplementation(async (arn, _algorithm, digest) => {
      if (arn === other) throw disabled;
      return Buffer.from(await kms.signer(arn).sign(digest));
    });
    addCertificate('0A', revoked('KEY_COMPROMISE'));

    const failed = expect(listsOf(authority, other).publish(undefined, signal)).rejects;
    await failed.toMatchObject({ message: disabled.message, errors: [disabled] });

    const [first, second] = readRevocationLists(String(objects.objects.get('crl.pem')?.content));
    expect(first?.entries).toHaveLength(1);
    expect(second?.raw).toEqual(last.raw);
    expect(published).toBe(0);
  });

  test.each([
    ['no longer there', () => parameters.delete(parameterOf(authority))],
    ['another one', async () => keep(authority, chainOf(await createAuthority('B')))],
  ])(
    'of an authority whose certificate is %s stay, also when that of another one is published',
    async (_what, forge) => {
      const other = await createAuthority('Other Root');
      await listsOf(authority, other).publish(undefined, signal);
      const last = listIn(derKey(authority));
      await forge();
      addCertificate('0B', { ...revoked('SUPERSEDED'), certificateAuthorityArn: other });

      await expect(listsOf(authority, other).publish(undefined, signal)).rejects.toThrow(
        RevocationListsIncompleteError,
      );

      const [made, kept] = readRevocationLists(String(objects.objects.get('crl.pem')?.content));
      expect([made?.entries.length, kept?.raw]).toEqual([1, last.raw]);
      expect(listIn(derKey(authority)).raw).toEqual(last.raw);
    },
  );

  test('keep what an earlier run knew, although the index of the registry does not know it yet', async () => {
    addCertificate('0A', { ...revoked('KEY_COMPROMISE'), revokedAt: new Date(now.getTime() - 1_000).toISOString() });
    await listsOf(authority).publish(undefined, signal);
    jest.spyOn(registry.survey, 'certificatesOfAuthority').mockImplementation(async function* () {});
    await listsOf(authority).publish(undefined, signal);
    expect(listIn('crl.pem').entries.map(({ serialNumber }) => serialNumber)).toEqual(['0A']);
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

  test('replace what somebody else has put there, and trust nothing of it', async () => {
    const impostor = await createAuthority('Example Root');
    now = new Date(now.getTime() + 100 * DAY);
    await listsOf(impostor).publish(undefined, signal);
    now = new Date(now.getTime() - 100 * DAY);
    addCertificate('0A', revoked('KEY_COMPROMISE'));
    const at = { certificate: certificateKey('mail', '0A:00'), at: now };
    await listsOf(authority).publish(at, signal);
    expect(listIn('crl.pem').entries).toHaveLength(1);

    await objects.put({
      bucket: 'revocation-lists',
      key: 'crl.pem',
      content: Buffer.from('anything'),
      contentType: '',
    });
    await listsOf(authority).publish(undefined, signal);
    expect(listIn('crl.pem').entries).toHaveLength(1);
  });

  test('of an authority without a certificate are not published, and no run counts as complete', async () => {
    await expect(listsOf(await kms.create()).publish(undefined, signal)).rejects.toThrow('has no certificate');
    expect(objects.objects.size).toBe(0);
    expect(published).toBe(0);
  });
});

describe('runs at the same time', () => {
  test('leave the list of the run that looked at the registry last', async () => {
    addCertificate('0A', revoked('KEY_COMPROMISE'));
    const replace = objects.replace.bind(objects);
    let isFirst = true;
    jest.spyOn(objects, 'replace').mockImplementation(async (object, seen) => {
      if (isFirst) {
        isFirst = false;
        // After this run has looked, another certificate is revoked, and a second run publishes it.
        addCertificate('0B', revoked('KEY_COMPROMISE'));
        await listsOf(authority).publish(undefined, signal);
      }
      return replace(object, seen);
    });

    await listsOf(authority).publish(undefined, signal);

    for (const key of ['crl.pem', derKey(authority)]) {
      expect(listIn(key).entries.map(({ serialNumber }) => serialNumber)).toEqual(['0A', '0B']);
    }
    expect(listIn(derKey(authority)).number).toBe(listIn('crl.pem').number);
  });

  test('do not copy the list of a run over that of a later one', async () => {
    addCertificate('0A', revoked('KEY_COMPROMISE'));
    const replace = objects.replace.bind(objects);
    let isFirst = true;
    jest.spyOn(objects, 'replace').mockImplementation(async (object, seen) => {
      if (isFirst && object.key !== 'crl.pem') {
        isFirst = false;
        addCertificate('0B', revoked('KEY_COMPROMISE'));
        await listsOf(authority).publish(undefined, signal);
        return replace(object, { entityTag: 'of before' });
      }
      return replace(object, seen);
    });
    await listsOf(authority).publish(undefined, signal);
    expect(listIn(derKey(authority)).raw).toEqual(listIn('crl.pem').raw);
    expect(listIn('crl.pem').entries).toHaveLength(2);
  });

  test('give up when others are always faster', async () => {
    jest.spyOn(objects, 'replace').mockResolvedValue(false);
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

  test('is copied by the next run when a run has failed before it copied it', async () => {
    addCertificate('0A', revoked('KEY_COMPROMISE'));
    await listsOf(authority).publish(undefined, signal);
    addCertificate('0B', revoked('KEY_COMPROMISE'));
    const at = now;
    now = new Date(now.getTime() + 6_000);
    const replace = objects.replace.bind(objects);
    const failing = jest.spyOn(objects, 'replace').mockImplementation(async (object, seen) => {
      if (object.key !== 'crl.pem') throw new Error('s3:PutObject failed');
      return replace(object, seen);
    });
    await expect(listsOf(authority).publish(report('0B', at), signal)).rejects.toThrow('s3:PutObject failed');
    failing.mockRestore();

    await listsOf(authority).publish(report('0B', at), signal);

    expect(listIn(derKey(authority)).entries).toHaveLength(2);
    expect(listIn(derKey(authority)).raw).toEqual(listIn('crl.pem').raw);
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
  for (const serialNumber of ['zz', '00', 'F'.repeat(40)]) addCertificate(serialNumber, revoked('KEY_COMPROMISE'));
  await listsOf(authority).publish(undefined, signal);
  expect(listIn('crl.pem').entries).toHaveLength(1);
  expect(logs).toContainEqual({ event: 'revocation-list-incomplete', client: 'mail', fingerprint: 'zz:00' });
});
