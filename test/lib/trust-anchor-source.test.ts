import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CfnParameter, type Stack } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { API_GATEWAY_LIMITS } from '../../lambda/truststore-publisher/truststore-resource';
import { TrustAnchorSource } from '../../lib';
import { truststoreBundle } from '../../pki/truststore';
import { type Authority, createClient, createRoot, createSubordinate, type EndEntity } from '../pki/authorities';
import { newMesh, newStack, onlyResource, resourcesOf } from './mesh-stack';

let root: Authority;
let issuing: Authority;
let leaf: EndEntity;
let directory: string;

beforeAll(async () => {
  root = await createRoot('Partner Root');
  issuing = await createSubordinate(root, 'Partner Issuing');
  leaf = await createClient(issuing, 'billing');
  directory = mkdtempSync(join(tmpdir(), 'trust-anchor-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const published = (stack: Stack) => onlyResource(stack, 'Custom::MtlsTruststore').Properties['TrustAnchors'];
const add = (source: TrustAnchorSource, stack = newStack()) => {
  newMesh(stack).addTrustAnchor('partner', source);
  return stack;
};

test('a text becomes a property of what publishes the truststore', () => {
  const text = `issued by hand\n${issuing.pem}${root.pem}`;
  expect(published(add(TrustAnchorSource.fromPem(text)))).toEqual([{ Pem: text }]);
});

test('a file is read in synthesis', () => {
  const file = join(directory, 'partner.pem');
  writeFileSync(file, root.pem);
  expect(published(add(TrustAnchorSource.fromFile(file)))).toEqual([{ Pem: root.pem }]);
});

test('an object is named with its version, and the publisher may read that object alone', () => {
  const stack = newStack();
  const bucket = s3.Bucket.fromBucketName(stack, 'Partners', 'partners');
  add(TrustAnchorSource.fromBucketObject(bucket, 'roots/partner.pem', 'L4kqtJlcpXroDTDmpUMLUo'), stack);

  expect(published(stack)).toEqual([
    { BucketName: 'partners', ObjectKey: 'roots/partner.pem', VersionId: 'L4kqtJlcpXroDTDmpUMLUo' },
  ]);
});

test('an object under a KMS key may be decrypted through S3', () => {
  const stack = newStack();
  const bucket = new s3.Bucket(stack, 'Partners', { versioned: true, encryptionKey: new kms.Key(stack, 'Key') });
  add(TrustAnchorSource.fromBucketObject(bucket, 'partner.pem', 'v7'), stack);

  expect(JSON.stringify(resourcesOf(stack))).toContain(
    '"kms:ViaService":{"Fn::Join":["",["s3.",{"Ref":"AWS::Region"},".",{"Ref":"AWS::URLSuffix"}]]}',
  );
});

test('what only CloudFormation knows passes', () => {
  const stack = newStack();
  const parameter = new CfnParameter(stack, 'Pem').valueAsString;
  expect(published(add(TrustAnchorSource.fromPem(parameter), stack))).toEqual([{ Pem: { Ref: 'Pem' } }]);

  const objects = newStack();
  const version = new CfnParameter(objects, 'Version').valueAsString;
  const bucket = new s3.Bucket(objects, 'Partners', { versioned: true });
  add(TrustAnchorSource.fromBucketObject(bucket, 'partner.pem', version), objects);
  expect(published(objects)).toMatchObject([{ ObjectKey: 'partner.pem', VersionId: { Ref: 'Version' } }]);
});

test.each<[string, (one: string, other: string) => string]>([
  ['a tab before the second block, as the AWS CLI prints it', (one, other) => `${one.trimEnd()}\t${other}`],
  ['a byte order mark', (one, other) => `\uFEFF${one}\uFEFF${other}`],
  ['carriage returns', (one, other) => (one + other).replaceAll('\n', '\r\n')],
  ['explanatory text', (one, other) => `Bag Attributes\n  localKeyID: 01\n${one}# ${'-'.repeat(60)}\n${other}the end`],
])('synthesis and deployment both accept %s', (_name, join) => {
  const text = join(issuing.pem, root.pem);
  expect(published(add(TrustAnchorSource.fromPem(text)))).toEqual([{ Pem: text }]);
  expect(truststoreBundle([text], new Date(), API_GATEWAY_LIMITS)).toBe(issuing.pem + root.pem);
});

test('synthesis finds a subject that is there twice, however the certificates are written', async () => {
  const renewed = await createRoot('Partner Root');
  expect(() => add(TrustAnchorSource.fromPem(`${root.pem.trimEnd()}\t${renewed.pem}`))).toThrow(
    'source must not contain the subject of another certificate in the truststore',
  );
});

describe('synthesis refuses', () => {
  test.each<[string, () => string]>([
    [
      'must be certificates in PEM: the text contains a private key: remove it, and replace it if others could read it',
      () => `${root.pem}${root.privateKey.export({ format: 'pem', type: 'pkcs8' })}`,
    ],
    [
      'must be certificates in PEM: the text contains a private key: remove it, and replace it if others could read it',
      () => String(root.privateKey.export({ format: 'pem', type: 'sec1' })),
    ],
    ['must be certificates in PEM: there is no PEM block "CERTIFICATE"', () => ''],
    ['must be certificates in PEM: there is no PEM block "CERTIFICATE"', () => root.certificate.raw.toString('base64')],
    ['must be certificates in PEM: block 1 has no end', () => root.pem.replace(/-----END.*/, '')],
    ['must contain certificates of authorities only, got another certificate as number 1', () => leaf.pem],
    ['must contain certificates of authorities only, got another certificate as number 2', () => root.pem + leaf.pem],
    [
      'must be certificates in PEM: block 1 is not a DER certificate',
      () => '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    ],
  ])('a text that %s', (rule, text) => {
    const refused = () => add(TrustAnchorSource.fromPem(text()));
    expect(refused).toThrow(`Test/Mesh/TrustAnchor-partner: source ${rule} (the text)`);
    expect(refused).not.toThrow(/MI[GIM]/);
  });

  test('a file that is not there, or holds nothing of use', () => {
    const missing = join(directory, 'missing.pem');
    expect(() => add(TrustAnchorSource.fromFile(missing))).toThrow(
      `Test/Mesh/TrustAnchor-partner: source must be a readable file (the file ${missing})`,
    );
    writeFileSync(join(directory, 'empty.pem'), '');
    expect(() => add(TrustAnchorSource.fromFile(join(directory, 'empty.pem')))).toThrow(
      /there is no PEM block .* \(the file .*empty/,
    );
  });

  test.each([
    ['source key must be 1 to 1024 letters', 'roots/*', 'v7'],
    ['source key must be 1 to 1024 letters', '', 'v7'],
    ['source key must have neither "." nor ".."', 'roots/../other.pem', 'v7'],
    ['source objectVersion must be a version from a bucket with versioning', 'partner.pem', 'null'],
    ['source objectVersion must be an S3 version ID', 'partner.pem', ''],
    ['source objectVersion must be an S3 version ID', 'partner.pem', 'v7&x'],
  ])('an object: %s', (rule, key, version) => {
    const stack = newStack();
    const bucket = s3.Bucket.fromBucketName(stack, 'Partners', 'partners');
    expect(() => add(TrustAnchorSource.fromBucketObject(bucket, key, version), stack)).toThrow(
      `Test/Mesh/TrustAnchor-partner: ${rule}`,
    );
  });
});
