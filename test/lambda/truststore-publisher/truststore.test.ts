import { Announcer } from '../../../lambda/announcer';
import { PropertyError } from '../../../lambda/custom-resource/properties';
import { Truststore, TruststoreBucketError } from '../../../lambda/truststore-publisher/truststore';
import { TruststoreError } from '../../../pki/truststore';
import { type Authority, createRoot } from '../../pki/authorities';
import { createRequest } from '../custom-resource/requests';
import { MemoryBus } from '../memory-bus';
import { MemoryBucket } from './memory-bucket';

const signal = new AbortController().signal;

describe('a truststore', () => {
  let root: Authority;
  let bucket: MemoryBucket;
  let bus: MemoryBus;
  let truststore: Truststore;

  const request = (properties: object = {}) =>
    createRequest({
      properties: {
        BucketName: 'mesh-truststore',
        ObjectKey: 'truststore.pem',
        CertificateAuthorities: [root.pem],
        EmptyOnDelete: 'true',
        ...properties,
      },
    });

  const fill = (count: number) => {
    bucket.versions = Array.from({ length: count }, (_, index) => ({
      key: `key-${String(index).padStart(5, '0')}`,
      versionId: 'v1',
    }));
  };

  beforeAll(async () => {
    root = await createRoot('Test Root');
  });
  beforeEach(() => {
    bucket = new MemoryBucket();
    bus = new MemoryBus();
    truststore = new Truststore(
      bucket,
      new Announcer(bus, 'mesh.example.com', () => undefined),
      () => new Date(),
      () => undefined,
    );
  });

  test('is published as one object, whose version is the answer', async () => {
    await expect(truststore.apply(request(), signal)).resolves.toEqual({ VersionId: 'v1' });

    expect(bucket.bodies.get('truststore.pem')).toContain(root.pem.trim());
    expect(bus.events).toEqual([{ type: 'Truststore Changed', detail: { trustDomain: 'mesh.example.com' } }]);
  });

  test.each([undefined, 'null'])('needs a bucket that keeps versions, got version %s', async (version) => {
    bucket.nextVersion = version;

    await expect(truststore.apply(request(), signal)).rejects.toThrow(TruststoreBucketError);
    await expect(truststore.apply(request(), signal)).rejects.toThrow(/bucket mesh-truststore keeps no versions/);
  });

  test('is not published when API Gateway would refuse it', async () => {
    const twice = request({ CertificateAuthorities: [root.pem, root.pem] });

    await expect(truststore.apply(twice, signal)).rejects.toThrow(TruststoreError);

    expect(bucket.versions).toHaveLength(0);
    expect(bus.events).toEqual([]);
  });

  test('is identified by its bucket, so that a changed key deletes nothing', () => {
    const { properties } = request();

    expect(truststore.identify(properties)).toBe('s3://mesh-truststore');
    expect(truststore.identify({ ...properties, ObjectKey: 'other.pem' })).toBe('s3://mesh-truststore');
  });

  test.each([
    ['BucketName', 'Mesh_Truststore'],
    ['BucketName', 'b/../other'],
    ['BucketName', undefined],
    ['ObjectKey', ''],
    ['ObjectKey', 'trust store.pem'],
    ['ObjectKey', 'k'.repeat(1025)],
    ['CertificateAuthorities', '-----BEGIN CERTIFICATE-----'],
    ['CertificateAuthorities', [1]],
    ['EmptyOnDelete', 'yes'],
    ['EmptyOnDelete', true],
  ])('refuses %s: %j', async (property, value) => {
    const applied = truststore.apply(request({ [property]: value }), signal);

    await expect(applied).rejects.toThrow(PropertyError);
    await expect(applied).rejects.toThrow(new RegExp(`^${property}`));
  });

  describe('when deleted', () => {
    test('takes every version of every object with it, page by page', async () => {
      bucket = new MemoryBucket(1000);
      truststore = new Truststore(
        bucket,
        new Announcer(bus, 'mesh.example.com', () => undefined),
        () => new Date(),
        () => undefined,
      );
      fill(2500);

      await truststore.remove(request(), signal);

      expect(bucket.versions).toHaveLength(0);
      expect(bucket.deletions).toEqual([1000, 1000, 500]);
    });

    test('asks for no deletion in an empty bucket', async () => {
      await truststore.remove(request(), signal);

      expect(bucket.deletions).toEqual([]);
    });

    test('counts a missing bucket as deleted', async () => {
      bucket.exists = false;

      await expect(truststore.remove(request(), signal)).resolves.toBeUndefined();
    });

    test.each(['false', undefined, 'TRUE'])('keeps the objects when EmptyOnDelete is %s', async (EmptyOnDelete) => {
      fill(3);

      await truststore.remove(request({ EmptyOnDelete }), signal);

      expect(bucket.versions).toHaveLength(3);
    });

    test('tells which version could not be deleted, and why', async () => {
      fill(3);
      bucket.locked.add('key-00001');

      await expect(truststore.remove(request(), signal)).rejects.toThrow(
        "1 versions in bucket mesh-truststore can't be deleted, the first of them of key-00001: AccessDenied Access Denied",
      );
    });
  });
});
