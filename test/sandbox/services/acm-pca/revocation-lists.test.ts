import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ACMPCAClient,
  DescribeCertificateAuthorityCommand,
  GetCertificateCommand,
  IssueCertificateCommand,
  type RevocationReason,
  RevokeCertificateCommand,
} from '@aws-sdk/client-acm-pca';
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  Certificate,
  CertificateList,
  CRLDistributionPoints,
  CRLNumber,
  CRLReason,
  IssuingDistributionPoint,
  id_ce_cRLDistributionPoints,
  id_ce_cRLNumber,
  id_ce_cRLReasons,
  id_ce_issuingDistributionPoint,
} from '@peculiar/asn1-x509';
import { Clock } from '../../../../sandbox/clock';
import type { Properties } from '../../../../sandbox/cloudformation/resource-type';
import { CallLog } from '../../../../sandbox/endpoint/call-log';
import { Endpoint } from '../../../../sandbox/endpoint/server';
import { Faults } from '../../../../sandbox/faults';
import type { AcmPcaService } from '../../../../sandbox/services/acm-pca';
import type { IamService } from '../../../../sandbox/services/iam';
import type { KmsService } from '../../../../sandbox/services/kms';
import type { S3Service } from '../../../../sandbox/services/s3';
import { testWith } from '../../../programs';
import { requestFor, resourceType } from '../resource-request';
import { type Authority, activeAuthority, newKey, pendingAuthority, requestOf, startAcmPca } from './hierarchy';

const MINUTE = 60 * 1000;
const DAY = 24 * 60 * MINUTE;
const BUCKET = 'mesh-revocation';
const TEST_KEY = 'acm-pca-permission-test-key';

let clock: Clock;
let service: AcmPcaService;
let objects: S3Service;
let keys: KmsService;
let iam: IamService;
let endpoint: Endpoint;

beforeEach(async () => {
  clock = new Clock();
  ({ service, objects, keys, iam } = startAcmPca(clock));
  endpoint = await Endpoint.listen();
  endpoint.serve({
    accounts: [{ apis: [service.api], iam }],
    clock,
    faults: new Faults(),
    calls: new CallLog(),
    killProcessOf: async () => undefined,
    receiveCustomResourceResponse: () => false,
  });
});

afterEach(async () => {
  clock.close();
  await endpoint.close();
});

const statement = (more: object = {}) => ({
  Effect: 'Allow',
  Principal: { Service: 'acm-pca.amazonaws.com' },
  Action: ['s3:PutObject', 's3:PutObjectAcl', 's3:GetBucketAcl', 's3:GetBucketLocation'],
  Resource: [`arn:aws:s3:::${BUCKET}`, `arn:aws:s3:::${BUCKET}/*`],
  Condition: {
    StringEquals: { 'aws:SourceAccount': '123456789012' },
    ArnLike: { 'aws:SourceArn': 'arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/*' },
  },
  ...more,
});

const policyType = () => resourceType(objects, 'AWS::S3::BucketPolicy');
const policyOf = (...Statement: object[]) => ({
  Bucket: BUCKET,
  PolicyDocument: { Version: '2012-10-17', Statement },
});

async function createBucket(properties: Properties = {}, ...statements: object[]): Promise<void> {
  await resourceType(objects, 'AWS::S3::Bucket').create(requestFor({ BucketName: BUCKET, ...properties }));
  await policyType().create(requestFor(policyOf(...(statements.length === 0 ? [statement()] : statements))));
}

const ENABLED = {
  Enabled: true,
  S3BucketName: BUCKET,
  ExpirationInDays: 7,
  S3ObjectAcl: 'BUCKET_OWNER_FULL_CONTROL',
};
const withLists = (more: Properties = {}) => ({
  RevocationConfiguration: { CrlConfiguration: { ...ENABLED, ...more } },
});
const authorityWith = (more: Properties = {}, properties: Properties = {}) =>
  activeAuthority(service, { ...withLists(more), ...properties });

function client(principal = iam.operator): ACMPCAClient {
  const credentials = iam.issueCredentials(principal);
  return new ACMPCAClient({ endpoint: endpoint.url, region: 'us-east-1', credentials, maxAttempts: 1 });
}

async function issue({ arn }: Authority, days = 30): Promise<X509Certificate> {
  const api = client();
  const { CertificateArn } = await api.send(
    new IssueCertificateCommand({
      CertificateAuthorityArn: arn,
      Csr: requestOf(newKey(), 'mail'),
      SigningAlgorithm: 'SHA256WITHECDSA',
      Validity: { Type: 'DAYS', Value: days },
    }),
  );
  const get = new GetCertificateCommand({ CertificateAuthorityArn: arn, CertificateArn });
  await api.send(get).catch(() => undefined);
  return new X509Certificate((await api.send(get)).Certificate ?? '');
}

const revoke = (
  { arn }: Authority,
  { serialNumber }: X509Certificate,
  RevocationReason: RevocationReason = 'KEY_COMPROMISE',
  principal = iam.operator,
) =>
  client(principal).send(
    new RevokeCertificateCommand({ CertificateAuthorityArn: arn, CertificateSerial: serialNumber, RevocationReason }),
  );

const completeKey = ({ arn }: Authority) => `crl/${arn.split('/')[1]}.crl`;
const bytesAt = (key: string) => objects.getObject(BUCKET, key)?.body;

/** The list at a key of the bucket. */
function listAt(key: string) {
  const list = AsnConvert.parse(bytesAt(key) ?? Buffer.alloc(0), CertificateList);
  const { tbsCertList } = list;
  const extension = (oid: string) => tbsCertList.crlExtensions?.find(({ extnID }) => extnID === oid);
  const number = extension(id_ce_cRLNumber);
  const distributionPoint = extension(id_ce_issuingDistributionPoint);
  return {
    number: number && Number(AsnConvert.parse(number.extnValue.buffer, CRLNumber).value),
    validity: Number(tbsCertList.nextUpdate?.getTime()) - tbsCertList.thisUpdate.getTime().getTime(),
    isCritical: distributionPoint?.critical,
    url:
      distributionPoint &&
      AsnConvert.parse(distributionPoint.extnValue.buffer, IssuingDistributionPoint).distributionPoint?.fullName?.[0]
        ?.uniformResourceIdentifier,
    revoked: (tbsCertList.revokedCertificates ?? []).map(({ userCertificate, crlEntryExtensions }) => {
      const reason = crlEntryExtensions?.find(({ extnID }) => extnID === id_ce_cRLReasons);
      return {
        serialNumber: Buffer.from(userCertificate).toString('hex').toUpperCase(),
        reason: reason && AsnConvert.parse(reason.extnValue.buffer, CRLReason).reason,
      };
    }),
  };
}

function urlIn(certificate: X509Certificate): string | undefined {
  const { tbsCertificate } = AsnConvert.parse(certificate.raw, Certificate);
  const found = tbsCertificate.extensions?.find(({ extnID }) => extnID === id_ce_cRLDistributionPoints);
  if (found === undefined) return undefined;
  const [point] = AsnConvert.parse(found.extnValue.buffer, CRLDistributionPoints);
  return point?.distributionPoint?.fullName?.[0]?.uniformResourceIdentifier;
}

describe('a complete list', () => {
  test('is published once a certificate refers to it, which says where it is', async () => {
    await createBucket();
    const authority = await authorityWith();
    await clock.advance(0);
    expect(bytesAt(TEST_KEY)).toEqual(Buffer.alloc(0));
    expect(bytesAt(completeKey(authority))).toBeUndefined();
    expect(urlIn(new X509Certificate(authority.certificate))).toBeUndefined();
    const certificate = await issue(authority);
    await clock.advance(0);
    expect(urlIn(certificate)).toBe(`http://${BUCKET}.s3.us-east-1.amazonaws.com/${completeKey(authority)}`);
    expect(listAt(completeKey(authority))).toMatchObject({ revoked: [], url: undefined, validity: 7 * DAY });
  });

  test('has a revoked certificate half an hour later, with its reason', async () => {
    await createBucket();
    const authority = await authorityWith();
    const [one, two] = [await issue(authority), await issue(authority)];
    await clock.advance(0);
    const { number: first = 0 } = listAt(completeKey(authority));
    await revoke(authority, one);
    await revoke(authority, two, 'UNSPECIFIED');
    await clock.advance(29 * MINUTE);
    expect(listAt(completeKey(authority)).revoked).toEqual([]);
    await clock.advance(2 * MINUTE);
    const { revoked, number = 0 } = listAt(completeKey(authority));
    expect(revoked).toEqual([
      { serialNumber: one.serialNumber, reason: 1 },
      { serialNumber: two.serialNumber, reason: undefined },
    ]);
    expect(number).toBeGreaterThan(first);
  });

  test('is renewed in the middle of its validity', async () => {
    await createBucket();
    const authority = await authorityWith();
    await issue(authority);
    await clock.advance(0);
    const before = bytesAt(completeKey(authority));
    await clock.advance(3 * DAY);
    expect(bytesAt(completeKey(authority))).toEqual(before);
    await clock.advance(DAY);
    expect(bytesAt(completeKey(authority))).not.toEqual(before);
  });

  test('has an expired certificate once more, and not again', async () => {
    await createBucket();
    const authority = await authorityWith({ ExpirationInDays: 2 });
    const certificate = await issue(authority, 3);
    await revoke(authority, certificate);
    await clock.advance(31 * MINUTE);
    await clock.advance(3 * DAY);
    expect(listAt(completeKey(authority)).revoked).toHaveLength(1);
    await clock.advance(2 * DAY);
    expect(listAt(completeKey(authority)).revoked).toEqual([]);
  });

  test('is tried again after a quarter of an hour if it could not be written', async () => {
    await createBucket();
    const authority = await authorityWith();
    const bucketPolicy = { physicalId: BUCKET, attributes: {} };
    const refused = statement({ Action: ['s3:PutObject'], Effect: 'Deny' });
    await policyType().update(requestFor(policyOf(statement(), refused)), bucketPolicy, {});
    await issue(authority);
    await clock.advance(14 * MINUTE);
    await policyType().update(requestFor(policyOf(statement())), bucketPolicy, {});
    expect(bytesAt(completeKey(authority))).toBeUndefined();
    await clock.advance(2 * MINUTE);
    expect(bytesAt(completeKey(authority))).toBeDefined();
  });

  test('ends with the configuration, and with the authority', async () => {
    await createBucket();
    const authority = await authorityWith();
    await issue(authority);
    await clock.advance(0);
    const type = resourceType(service, 'AWS::ACMPCA::CertificateAuthority');
    const root = { Type: 'ROOT', KeyAlgorithm: 'EC_prime256v1', SigningAlgorithm: 'SHA256WITHECDSA', Subject: {} };
    const off = { ...root, RevocationConfiguration: { CrlConfiguration: { Enabled: false } } };
    await type.update(requestFor(off), authority.resource, {});
    const before = bytesAt(completeKey(authority));
    await clock.advance(5 * DAY);
    expect(bytesAt(completeKey(authority))).toEqual(before);
    expect(urlIn(await issue(authority))).toBeUndefined();
  });
});

test('names and path of the lists can be chosen, and certificates can leave them out', async () => {
  await createBucket();
  const named = await authorityWith({ CustomCname: 'crl.example.com', CustomPath: 'mesh/lists' });
  const id = named.arn.split('/')[1];
  expect(urlIn(await issue(named))).toBe(`http://crl.example.com/mesh/lists/${id}.crl`);
  await clock.advance(0);
  expect(bytesAt(`mesh/lists/${id}.crl`)).toBeDefined();
  const silent = await authorityWith({ CrlDistributionPointExtensionConfiguration: { OmitExtension: true } });
  expect(urlIn(await issue(silent))).toBeUndefined();
  await clock.advance(0);
  expect(bytesAt(completeKey(silent))).toBeDefined();
  const { CertificateAuthority } = await client().send(
    new DescribeCertificateAuthorityCommand({ CertificateAuthorityArn: named.arn }),
  );
  expect(CertificateAuthority?.RevocationConfiguration?.CrlConfiguration).toMatchObject({
    Enabled: true,
    S3BucketName: BUCKET,
    ExpirationInDays: 7,
    CustomCname: 'crl.example.com',
  });
});

test('each partition has its own certificates, and says critically where it is', async () => {
  await createBucket();
  const authority = await authorityWith({ CrlType: 'PARTITIONED' });
  const api = client();
  const first = await issue(authority);
  // The sandbox issues 25 certificates a second at most.
  for (let batch = 0; batch < 4; batch += 1) {
    await clock.advance(1000);
    await Promise.all(
      Array.from({ length: 25 }, () =>
        api.send(
          new IssueCertificateCommand({
            CertificateAuthorityArn: authority.arn,
            Csr: requestOf(newKey()),
            SigningAlgorithm: 'SHA256WITHECDSA',
            Validity: { Type: 'DAYS', Value: 30 },
          }),
        ),
      ),
    );
  }
  await clock.advance(1000);
  const last = await issue(authority);
  const urls = [first, last].map((one) => urlIn(one) ?? '');
  expect(new Set(urls).size).toBe(2);
  await revoke(authority, last);
  await clock.advance(31 * MINUTE);
  const [one, two] = urls.map((url) => listAt(url.replace(/^http:\/\/[^/]+\//, '')));
  expect(one).toMatchObject({ url: urls[0], isCritical: true, revoked: [] });
  expect(two).toMatchObject({ url: urls[1], isCritical: true, revoked: [{ serialNumber: last.serialNumber }] });
});

describe('an authority is refused', () => {
  const create = (more: Properties = {}) => pendingAuthority(service, withLists(more));

  test.each([
    ['nobody', statement({ Principal: { Service: 'lambda.amazonaws.com' } })],
    ['the authorities of another account', statement({ Condition: { StringEquals: { 'aws:SourceAccount': '9' } } })],
    ['to write only', statement({ Action: 's3:PutObject' })],
    ['to look only', statement({ Action: ['s3:GetBucketAcl', 's3:GetBucketLocation'] })],
    ['everyone but AWS services', statement({ Principal: '*' })],
  ])('if the policy of the bucket allows %s', async (_, allowed) => {
    await createBucket({}, allowed);
    await expect(create()).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test('if the bucket does not exist, or denies it', async () => {
    await expect(create()).rejects.toMatchObject({ name: 'ValidationException' });
    const denied = { Effect: 'Deny', Principal: '*', Action: 's3:PutObject', Resource: `arn:aws:s3:::${BUCKET}/*` };
    await createBucket({}, statement(), denied);
    await expect(create()).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test('if everyone is to read its lists in a bucket that blocks public access', async () => {
    await createBucket();
    await expect(create({ S3ObjectAcl: undefined })).rejects.toThrow('BUCKET_OWNER_FULL_CONTROL');
    await expect(create({ S3ObjectAcl: 'PUBLIC_READ' })).rejects.toThrow('BUCKET_OWNER_FULL_CONTROL');
  });

  test.each([
    { S3BucketName: '' },
    { ExpirationInDays: 0 },
    { ExpirationInDays: 5001 },
    { CrlType: 'DELTA' },
    { CustomCname: 'https://crl.example.com' },
    { CustomCname: 'crl example' },
    { CustomCname: 'crl.example.com', CrlDistributionPointExtensionConfiguration: { OmitExtension: true } },
    { Enabled: false },
  ])('with %j', async (more) => {
    await createBucket();
    await expect(create(more)).rejects.toMatchObject({ name: expect.stringMatching(/^(Validation|InvalidArgs)/) });
  });
});

test('lists in an encrypted bucket need a key policy that lets ACM PCA use the key', async () => {
  const administration = {
    Effect: 'Allow',
    Principal: { AWS: 'arn:aws:iam::123456789012:root' },
    Action: 'kms:*',
    Resource: '*',
  };
  const use = {
    Effect: 'Allow',
    Principal: { Service: 'acm-pca.amazonaws.com' },
    Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
    Resource: '*',
    Condition: {
      StringLike: {
        'kms:EncryptionContext:aws:s3:arn': [`arn:aws:s3:::${BUCKET}/${TEST_KEY}`, `arn:aws:s3:::${BUCKET}/crl/*`],
      },
    },
  };
  const keyType = resourceType(keys, 'AWS::KMS::Key');
  const policyWith = (...Statement: object[]) => ({ KeyPolicy: { Version: '2012-10-17', Statement } });
  const key = await keyType.create(requestFor(policyWith(administration)));
  const ServerSideEncryptionByDefault = { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: key.attributes.Arn };
  await createBucket({
    BucketEncryption: { ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault }] },
  });
  await expect(authorityWith()).rejects.toThrow('kms:GenerateDataKey');
  await keyType.update(requestFor(policyWith(administration, use)), key, {});
  const authority = await authorityWith();
  await issue(authority);
  await clock.advance(0);
  expect(listAt(completeKey(authority)).revoked).toEqual([]);
});

test('a bucket can let everyone read the lists', async () => {
  await createBucket({ PublicAccessBlockConfiguration: { BlockPublicAcls: false } });
  await expect(authorityWith({ S3ObjectAcl: 'PUBLIC_READ' })).resolves.toBeDefined();
});

test('a certificate is revoked only by callers that may write to the bucket', async () => {
  await createBucket();
  const authority = await authorityWith();
  const certificate = await issue(authority);
  const trust = { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' };
  const roleWith = async (...Action: string[]) => {
    const PolicyDocument = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] };
    const role = await resourceType(iam, 'AWS::IAM::Role').create(
      requestFor({
        AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [trust] },
        Policies: [{ PolicyName: 'p', PolicyDocument }],
      }),
    );
    return String(role.attributes.Arn);
  };
  const without = await roleWith('acm-pca:RevokeCertificate');
  await expect(revoke(authority, certificate, 'SUPERSEDED', without)).rejects.toThrow('s3:PutObject');
  await clock.advance(31 * MINUTE);
  expect(listAt(completeKey(authority)).revoked).toEqual([]);
  await revoke(authority, certificate, 'SUPERSEDED', await roleWith('acm-pca:RevokeCertificate', 's3:PutObject'));
  await clock.advance(31 * MINUTE);
  expect(listAt(completeKey(authority)).revoked).toHaveLength(1);
});

testWith('openssl').each([
  ['EC_prime256v1', 'SHA256WITHECDSA'],
  ['RSA_2048', 'SHA256WITHRSA'],
])(
  'openssl checks certificates with the list of an authority with a key of %s',
  async (KeyAlgorithm, SigningAlgorithm) => {
    await createBucket();
    const algorithms = { KeyAlgorithm, SigningAlgorithm };
    const authority = await activeAuthority(service, { ...withLists(), ...algorithms }, { SigningAlgorithm });
    const create = resourceType(service, 'AWS::ACMPCA::Certificate');
    const certify = async () => {
      const request = requestFor({
        CertificateAuthorityArn: authority.arn,
        CertificateSigningRequest: requestOf(newKey(), 'mail').toString(),
        SigningAlgorithm,
        Validity: { Type: 'DAYS', Value: 30 },
      });
      return new X509Certificate(String((await create.create(request)).attributes.Certificate));
    };
    const [good, bad] = [await certify(), await certify()];
    await revoke(authority, bad);
    await clock.advance(31 * MINUTE);
    const directory = mkdtempSync(join(tmpdir(), 'crl-'));
    const openssl = (...args: string[]) =>
      execFileSync('openssl', args, { cwd: directory, encoding: 'utf8', stdio: 'pipe' });
    try {
      writeFileSync(join(directory, 'list.crl'), bytesAt(completeKey(authority)) ?? '');
      writeFileSync(join(directory, 'root.pem'), authority.certificate);
      writeFileSync(join(directory, 'good.pem'), good.toString());
      writeFileSync(join(directory, 'bad.pem'), bad.toString());
      openssl('crl', '-inform', 'DER', '-in', 'list.crl', '-out', 'list.pem');
      expect(openssl('crl', '-in', 'list.pem', '-noout', '-text')).toContain('Key Compromise');
      const at = String(Math.floor(clock.now().getTime() / 1000) + 60);
      const verify = (name: string) =>
        openssl('verify', '-attime', at, '-crl_check', '-CRLfile', 'list.pem', '-CAfile', 'root.pem', `${name}.pem`);
      expect(verify('good')).toContain('OK');
      expect(() => verify('bad')).toThrow('certificate revoked');
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
);
