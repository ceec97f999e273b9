import { RevocationListsResource } from '../../../lambda/revocation-list-publisher/revocation-lists-resource';
import { createRequest } from '../custom-resource/requests';
import { MemoryBucket } from '../truststore-publisher/memory-bucket';

const signal = new AbortController().signal;
const PROPERTIES = { BucketName: 'revocation-lists', CertificateAuthorities: [], EmptyOnDelete: 'true' };

let bucket: MemoryBucket;
let published: number;
/** What a run puts after the bucket was emptied. */
let late: { key: string; versionId: string }[];
let resource: RevocationListsResource;

beforeEach(() => {
  bucket = new MemoryBucket();
  bucket.versions = [{ key: 'crl.pem', versionId: 'v1' }];
  published = 0;
  late = [];
  resource = new RevocationListsResource({
    bucket: 'revocation-lists',
    lists: { publish: async () => void published++ },
    publisher: bucket,
    pause: async () => void bucket.versions.push(...late.splice(0)),
    log: () => undefined,
  });
});

test('the lists are published before the resource is complete', async () => {
  await resource.apply(createRequest({ properties: PROPERTIES }), signal);
  expect(published).toBe(1);
});

test('deletion empties the bucket of a stack that leaves nothing behind', async () => {
  await resource.remove(createRequest({ requestType: 'Delete', properties: PROPERTIES }), signal);
  expect(bucket.versions).toEqual([]);
});

test('deletion also removes what a run puts that had already started', async () => {
  late = [{ key: 'crl.pem', versionId: 'v2' }];
  await resource.remove(createRequest({ requestType: 'Delete', properties: PROPERTIES }), signal);
  expect(bucket.versions).toEqual([]);
});

test.each(['false', 'TRUE', '', undefined])('deletion with EmptyOnDelete %j deletes nothing', async (EmptyOnDelete) => {
  const properties = { ...PROPERTIES, EmptyOnDelete };
  await resource.remove(createRequest({ requestType: 'Delete', properties }), signal);
  expect(bucket.versions).toHaveLength(1);
});

test.each(['other-bucket', '', undefined, '../x'])(
  'the bucket %j is refused, because it is not that of the function',
  (name) => {
    expect(() => resource.identify({ ...PROPERTIES, BucketName: name })).toThrow('BucketName must be');
  },
);
