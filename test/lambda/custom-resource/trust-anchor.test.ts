import {
  trustAnchorPem,
  trustAnchorProperty,
  trustAnchorsProperty,
} from '../../../lambda/custom-resource/trust-anchor';
import { MemoryObjects } from '../../aws/memory-objects';

const signal = new AbortController().signal;
const STORED = { BucketName: 'partners', ObjectKey: 'roots/partner.pem', VersionId: 'L4kqtJlcpXroDTDmpUMLUo' };

test('an anchor is a text, or an object in one version', async () => {
  const objects = new MemoryObjects();
  objects.texts.set('partners roots/partner.pem L4kqtJlcpXroDTDmpUMLUo', 'from the object');
  const read = (anchor: unknown) => trustAnchorPem(trustAnchorProperty({ anchor }, 'anchor'), objects, signal);

  await expect(read({ Pem: 'from the template' })).resolves.toBe('from the template');
  await expect(read(STORED)).resolves.toBe('from the object');
  await expect(read({ ...STORED, VersionId: 'other' })).rejects.toThrow('NoSuchVersion');
});

test('an anchor of another app has what its parameter contains', () => {
  const read = (Published: unknown) => trustAnchorProperty({ anchor: { Published } }, 'anchor');
  const pem = '-----BEGIN CERTIFICATE-----\nQSwgQiwgQw==\n-----END CERTIFICATE-----\n';
  expect(read(pem)).toEqual({ Pem: pem });
  expect(read('partners,L4kqtJlcpXroDTDmpUMLUo,roots/partner.pem')).toEqual(STORED);
});

test.each<[unknown, string]>([
  [{ Published: 'partners,null,partner.pem' }, 'anchor.VersionId must be a version from a bucket with versioning'],
  [{ Published: 'a/../b,v1,partner.pem' }, 'anchor.BucketName must be the name of a general purpose bucket'],
  [{ Published: 'partners,v1,partner.pem,other' }, 'anchor.ObjectKey must be 1 to 1024'],
  [{ Published: 'x', Pem: 'y' }, 'anchor must have a Pem, or BucketName'],
  [{ Published: undefined }, 'anchor.Pem must be a string'],
])('refuses an anchor of another app that is neither: %j', (anchor, rule) => {
  expect(() => trustAnchorProperty({ anchor }, 'anchor')).toThrow(rule);
});

test('there may be none, and several', () => {
  expect(trustAnchorsProperty({}, 'anchors')).toEqual([]);
  expect(trustAnchorsProperty({ anchors: [] }, 'anchors')).toEqual([]);
  expect(trustAnchorsProperty({ anchors: [STORED, { Pem: 'x' }] }, 'anchors')).toEqual([STORED, { Pem: 'x' }]);
});

test.each<[string, unknown]>([
  ['must be a list', 'partner'],
  ['must be a list', null],
  ['must be a list', { Pem: 'x' }],
  ['[0] must have a Pem, or BucketName', [null]],
  ['[0] must have a Pem, or BucketName', ['x']],
  ['[0] must have a Pem, or BucketName', [[]]],
  ['[0] must have a Pem, or BucketName', [{}]],
  ['[0] must have a Pem, or BucketName', [{ Pem: 'x', ...STORED }]],
  ['[0] must have a Pem, or BucketName', [{ BucketName: 'partners', ObjectKey: 'key' }]],
  ['[1].BucketName must be the name of a general purpose bucket', [STORED, { ...STORED, BucketName: 'a/../b' }]],
  ['[0].BucketName must be a string', [{ ...STORED, BucketName: 7 }]],
  ['[0].ObjectKey must be 1 to 1024', [{ ...STORED, ObjectKey: 'partner.pem?versionId=1' }]],
  ['[0].ObjectKey must be 1 to 1024', [{ ...STORED, ObjectKey: '*' }]],
  ['[0].ObjectKey must be 1 to 1024', [{ ...STORED, ObjectKey: '%2e%2e/other.pem' }]],
  ['[0].ObjectKey must have neither "." nor ".." between slashes', [{ ...STORED, ObjectKey: 'a/../../other/b' }]],
  ['[0].ObjectKey must have neither "." nor ".." between slashes', [{ ...STORED, ObjectKey: '.' }]],
  ['[0].VersionId must be a version from a bucket with versioning', [{ ...STORED, VersionId: 'null' }]],
  ['[0].VersionId must be an S3 version ID', [{ ...STORED, VersionId: '' }]],
  ['[0].VersionId must be an S3 version ID', [{ ...STORED, VersionId: 'v1&acl' }]],
])('refuses what is neither: %s (%j)', (rule, anchors) => {
  expect(() => trustAnchorsProperty({ anchors }, 'anchors')).toThrow(
    `anchors${rule.startsWith('[') ? '' : ' '}${rule}`,
  );
});

test('no error quotes a text that may hold a key', () => {
  const anchors = [{ Pem: '-----BEGIN PRIVATE KEY-----', Key: 'MIGHAgEAMBMGByqGSM49' }];

  expect(() => trustAnchorsProperty({ anchors }, 'anchors')).toThrow(/got \["Pem","Key"\]$/);
});
