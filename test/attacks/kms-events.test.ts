import { CERTIFICATE_AUTHORITY_RESOURCE_TYPE, REVOCATION_LISTS_RESOURCE_TYPE } from '../../mesh/kms-authority';
import { readCertificate } from '../../pki/pem';
import { Sandbox } from '../../sandbox';
import { HOST } from './attacked-mesh';
import { attacks } from './attacks';
import { invoke } from './calls';
import { ForgedEvents, stackIdOf } from './forged-events';
import { authorityOf, kmsMesh, publishedLists, readParameter } from './kms-mesh';

const ATTACKERS_KEY = 'arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555';
const MAKER = '/Maker/Handler';
const PUBLISHER = '/RevocationLists/Publisher';

let sandbox: Sandbox;
let events: ForgedEvents;

beforeAll(async () => {
  sandbox = await Sandbox.deploy(kmsMesh());
  await sandbox.advance(0);
  events = await ForgedEvents.open();
});
afterAll(async () => {
  events?.close();
  await sandbox?.close();
});
beforeEach(() => {
  events.answers.length = 0;
});

const resourceEvent = (type: string, properties: object, changed?: object) =>
  events.forResource(type, properties, changed);

const ownStack = () => ({ StackId: stackIdOf(sandbox) });

const issuing = () => authorityOf(sandbox, 'issuing');
const root = () => authorityOf(sandbox, 'root');
const parameters = () => Promise.all([issuing(), root()].map((one) => readParameter(sandbox, one.parameterName)));
const bucketName = () =>
  String(
    Object.values(sandbox.resources).find(({ type }) => type === REVOCATION_LISTS_RESOURCE_TYPE)?.properties[
      'BucketName'
    ],
  );

/** Of an authority, with what the attacker would have in its certificate. */
const wanted = (keyArn: string) => ({
  CertificateAuthorityArn: keyArn,
  IssuerKeyArn: root().keyArn,
  SigningAlgorithm: 'SHA256WITHECDSA',
  Subject: { commonName: 'Attacker' },
  ValidityDays: '36500',
  CertificateSigningRequest: '-----BEGIN CERTIFICATE REQUEST-----',
});

attacks<() => [path: string, event: object]>(
  'forged events of CloudFormation for authorities in KMS and their lists',
  [
    ['an authority, of another stack', () => [MAKER, authorityEvent(issuing().keyArn)]],
    ['the removal of an authority, of another stack', () => [MAKER, removal(issuing())]],
    ['the removal of the root, of another stack', () => [MAKER, removal(root())]],
    ['an authority with the key of somebody else', () => [MAKER, authorityEvent(ATTACKERS_KEY, ownStack())]],
    ['an authority with an alias for its key', () => [MAKER, authorityEvent('alias/attacker', ownStack())]],
    ['an authority with two keys', () => [MAKER, authorityEvent([issuing().keyArn] as unknown as string, ownStack())]],
    [
      'an authority in ACM PCA',
      () => [
        MAKER,
        authorityEvent(ATTACKERS_KEY.replace('kms', 'acm-pca').replace('key', 'certificate-authority'), ownStack()),
      ],
    ],
    ['an authority in a path', () => [MAKER, authorityEvent(`${root().keyArn}/../../x`, ownStack())]],
    ['lists, of another stack', () => [PUBLISHER, listsEvent(bucketName())]],
    [
      'the removal of all lists, of another stack',
      () => [
        PUBLISHER,
        listsEvent(bucketName(), { RequestType: 'Delete', PhysicalResourceId: `s3://${bucketName()}` }),
      ],
    ],
    ['lists in the bucket of somebody else', () => [PUBLISHER, listsEvent('attacker', ownStack())]],
  ],
  async (attack) => {
    const before = await parameters();
    const lists = (await publishedLists(sandbox)).length;
    await invoke(sandbox, ...attack()).catch(() => undefined);
    expect(events.answers.map(({ Status }) => Status)).toEqual(['FAILED']);
    expect(await parameters()).toEqual(before);
    expect(await publishedLists(sandbox)).toHaveLength(lists);
    expect((await sandbox.fetch('mail', `https://${HOST}/schedule`)).status).toBe(200);
  },
);

function authorityEvent(keyArn: string, changed: object = {}): object {
  return resourceEvent(CERTIFICATE_AUTHORITY_RESOURCE_TYPE, wanted(keyArn), changed);
}

function removal({ keyArn, parameterName }: { readonly keyArn: string; readonly parameterName: string }): object {
  return authorityEvent(keyArn, { RequestType: 'Delete', PhysicalResourceId: parameterName });
}

function listsEvent(BucketName: string, changed: object = {}): object {
  return resourceEvent(REVOCATION_LISTS_RESOURCE_TYPE, { BucketName, EmptyOnDelete: 'true' }, changed);
}

test('an event of the own stack does not choose what is in the certificate of an authority', async () => {
  const before = await parameters();
  for (const { keyArn, certificate } of [issuing(), root()]) {
    await invoke(sandbox, MAKER, authorityEvent(keyArn, ownStack()));
    expect(events.answers.at(-1)).toMatchObject({ Status: 'SUCCESS', Data: { Certificate: certificate } });
  }
  expect(await parameters()).toEqual(before);
});

const revoked = (detail: unknown, time: unknown = sandbox.now.toISOString()) => ({
  source: 'mtls-service-mesh',
  'detail-type': 'Certificate Revoked',
  time,
  detail,
});
const social = async () => {
  const { clientName, fingerprint } = await sandbox.clientSecret('social');
  return { clientName, fingerprint };
};
const FINGERPRINT = Array.from({ length: 32 }, () => '00').join(':');

attacks<() => unknown>(
  'events of revocations that did not happen',
  [
    ['of a certificate that is in use', async () => revoked(await social())],
    ['of a certificate in use, long ago', async () => revoked(await social(), '1970-01-01T00:00:00Z')],
    ['of a certificate in use, far in the future', async () => revoked(await social(), '9999-12-31T23:59:59Z')],
    ['of a certificate in use, at no time', async () => revoked(await social(), 'never')],
    ['of a certificate in use, beyond all times', async () => revoked(await social(), '+275760-09-13T00:00:00.001Z')],
    ["of a client's certificate as another client's", async () => revoked({ ...(await social()), clientName: 'mail' })],
    ['of an unknown certificate', () => revoked({ clientName: 'mail', fingerprint: FINGERPRINT })],
    ['of a client in a path', () => revoked({ clientName: '../../mail', fingerprint: FINGERPRINT })],
    ['of a client with a separator', () => revoked({ clientName: 'mail#CERTIFICATE', fingerprint: FINGERPRINT })],
    ['of a client that is everybody', () => revoked({ clientName: '*', fingerprint: '*' })],
    ['with control characters', () => revoked({ clientName: '\u0000\r\n', fingerprint: '\u0000' })],
    ['without names', () => revoked({ clientName: '', fingerprint: '' })],
    ['with long names', () => revoked({ clientName: 'm'.repeat(5_000), fingerprint: '0'.repeat(5_000) })],
    ['with objects', () => revoked({ clientName: { S: 'mail' }, fingerprint: ['00'] })],
    [
      'with a prototype',
      () => JSON.parse('{"detail":{"__proto__":{"clientName":"mail","fingerprint":"00"}},"time":"x"}'),
    ],
    ['without details', () => revoked(undefined)],
    ['of nothing', () => null],
  ],
  async (event) => {
    const [before] = await publishedLists(sandbox);
    // Later than the lists of before, so that a run has something to do.
    await sandbox.advance(10_000);
    await invoke(sandbox, PUBLISHER, await event()).catch(() => undefined);
    const [list, above] = await publishedLists(sandbox);
    list?.verify(readCertificate(issuing().certificate));
    above?.verify(readCertificate(root().certificate));
    expect([list?.entries, above?.entries]).toEqual([[], []]);
    expect(Number(list?.number)).toBeGreaterThanOrEqual(Number(before?.number));
    expect(list?.nextUpdate.getTime()).toBeLessThanOrEqual(sandbox.now.getTime() + 24 * 3_600_000);
    expect((await sandbox.fetch('social', `https://${HOST}/schedule`)).status).toBe(200);
  },
  'harmless',
);

test('after all that, lists are still published', async () => {
  const [before] = await publishedLists(sandbox);
  await sandbox.advance(3_600_000);
  const [after] = await publishedLists(sandbox);
  expect(Number(after?.number)).toBeGreaterThan(Number(before?.number));
});
