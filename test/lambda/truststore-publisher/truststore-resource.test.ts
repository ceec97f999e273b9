import { PropertyError } from '../../../lambda/custom-resource/properties';
import { AuthorityInUseError, RemovalGuard } from '../../../lambda/truststore-publisher/removal-guard';
import { TruststoreBucketError, TruststoreResource } from '../../../lambda/truststore-publisher/truststore-resource';
import { TruststoreError } from '../../../pki/truststore';
import { Audit } from '../../../registry/audit';
import { MemoryObjects } from '../../aws/memory-objects';
import { type Authority, createRoot, createSubordinate, days } from '../../pki/authorities';
import { MemoryBus } from '../../registry/memory-bus';
import { MemoryRegistry } from '../../registry/memory-registry';
import { authorityArn, certificateOf, clientOf } from '../../registry/registry-entries';
import { createRequest } from '../custom-resource/requests';
import { MemoryBucket } from './memory-bucket';

const signal = new AbortController().signal;

describe('a truststore', () => {
  let root: Authority;
  let successor: Authority;
  let registry: MemoryRegistry;
  let isRollingBack: boolean;
  let bucket: MemoryBucket;
  let objects: MemoryObjects;
  let bus: MemoryBus;
  let truststore: TruststoreResource;

  const request = (properties: object = {}) =>
    createRequest({
      properties: {
        BucketName: 'mesh-truststore',
        ObjectKey: 'truststore.pem',
        ClientAuthoritiesKey: 'client-ca.pem',
        CertificateAuthorities: [trusted(1, root)],
        EmptyOnDelete: 'true',
        ...properties,
      },
    });

  /** An update that leaves the second of two authorities. */
  const removal = () => ({
    ...request({ CertificateAuthorities: [trusted(2, successor)] }),
    requestType: 'Update',
    oldProperties: { CertificateAuthorities: [trusted(1, root), trusted(2, successor)] },
  });

  const create = () => {
    const stacks = { isRollingBack: async () => isRollingBack };
    const [now, log] = [() => new Date(), () => undefined];
    const metrics = { put: async () => undefined };
    return new TruststoreResource({
      objects,
      publisher: bucket,
      removalGuard: new RemovalGuard({ survey: registry.survey, stacks, now, log }),
      stacks,
      audit: new Audit({ trustDomain: 'mesh.example.com', events: bus, metrics, log }),
      now,
      log,
    });
  };

  const fill = (count: number) => {
    bucket.versions = Array.from({ length: count }, (_, index) => ({
      key: `key-${String(index).padStart(5, '0')}`,
      versionId: 'v1',
    }));
  };

  beforeAll(async () => {
    root = await createRoot('Test Root');
    successor = await createRoot('Next Root');
  });
  beforeEach(() => {
    bucket = new MemoryBucket();
    objects = new MemoryObjects();
    bus = new MemoryBus();
    registry = new MemoryRegistry();
    isRollingBack = false;
    truststore = create();
  });

  test('is not published after the time is over', async () => {
    const published = jest.spyOn(bucket, 'putPem');

    await expect(truststore.apply(request(), AbortSignal.abort(new Error('the time is over')))).rejects.toThrow(
      'the time is over',
    );

    expect(published).not.toHaveBeenCalled();
  });

  test('is published as one object, whose version is the answer', async () => {
    await expect(truststore.apply(request(), signal)).resolves.toEqual({ VersionId: 'v1' });

    expect(bucket.bodies.get('truststore.pem')).toContain(root.pem.trim());
    expect(bus.events).toEqual([{ type: 'Truststore Changed', detail: { trustDomain: 'mesh.example.com' } }]);
  });

  test.each([undefined, 'null'])('needs a bucket that keeps versions, got version %s', async (version) => {
    bucket.nextVersion = version;

    await expect(truststore.apply(request(), signal)).rejects.toThrow(TruststoreBucketError);
    await expect(truststore.apply(request(), signal)).rejects.toThrow(/bucket mesh-truststore has no versioning/);
  });

  test('is not published when API Gateway would refuse it', async () => {
    const impostor = await createRoot('Test Root');
    const ambiguous = request({ CertificateAuthorities: [trusted(1, root), trusted(2, impostor)] });

    await expect(truststore.apply(ambiguous, signal)).rejects.toThrow(TruststoreError);

    expect(bucket.versions).toHaveLength(0);
    expect(bus.events).toEqual([]);
  });

  describe('with trust anchors of others', () => {
    let partner: Authority;
    beforeAll(async () => {
      partner = await createRoot('Partner Root');
    });
    const stored = { BucketName: 'partners', ObjectKey: 'roots/partner.pem', VersionId: 'v7' };

    test('holds them after the mesh’s own authorities, from a property and from an object', async () => {
      const other = await createRoot('Other Root');
      objects.texts.set('partners roots/partner.pem v7', `issued by hand\n${partner.pem}`);

      await truststore.apply(request({ TrustAnchors: [stored, { Pem: other.pem }] }), signal);

      expect(bucket.bodies.get('truststore.pem')).toBe(root.pem + partner.pem + other.pem);
      // Servers outside the gateway don't know which certificates of the partner are a client's.
      expect(bucket.bodies.get('client-ca.pem')).toBe(root.pem);
    });

    test('is published only when the rules hold for all of them together', async () => {
      const impostor = await createRoot('Test Root');
      const subordinate = await createSubordinate(partner, 'Partner Issuing');

      await expect(truststore.apply(request({ TrustAnchors: [{ Pem: impostor.pem }] }), signal)).rejects.toThrow(
        'has the same subject as another one: API Gateway accepts one certificate of each subject',
      );
      await expect(truststore.apply(request({ TrustAnchors: [{ Pem: subordinate.pem }] }), signal)).rejects.toThrow(
        'which is missing: add every authority up to the root',
      );
      await expect(truststore.apply(request({ TrustAnchors: [{ Pem: 'nothing' }] }), signal)).rejects.toThrow(
        'certificate authority 2 cannot be read',
      );
      expect(bucket.versions).toHaveLength(0);
    });

    test('is not published when an object can’t be read', async () => {
      await expect(truststore.apply(request({ TrustAnchors: [stored] }), signal)).rejects.toThrow('NoSuchVersion');
      expect(bucket.versions).toHaveLength(0);
    });

    test.each([[[{ Pem: 7 }]], [[{}]], ['partner'], [null], [{ Pem: '' }]])(
      'refuses TrustAnchors: %j',
      async (TrustAnchors) => {
        await expect(truststore.apply(request({ TrustAnchors }), signal)).rejects.toThrow(
          /^(TrustAnchors|certificate authority 2)/,
        );
      },
    );

    test('comes back without what has expired since, and what that issued, when a deployment is rolled back', async () => {
      const past = { notBefore: new Date(Date.now() - days(30)), notAfter: new Date(Date.now() - days(1)) };
      const expired = await createRoot('Expired Root', { validity: past });
      const below = await createSubordinate(expired, 'Below It');
      const before = request({ TrustAnchors: [{ Pem: below.pem + expired.pem + partner.pem }] });
      await expect(truststore.apply(before, signal)).rejects.toThrow('remove or replace it');

      isRollingBack = true;
      await truststore.apply(before, signal);

      expect(bucket.bodies.get('truststore.pem')).toBe(root.pem + partner.pem);
      const broken = request({ TrustAnchors: [{ Pem: 'nothing' }] });
      await expect(truststore.apply(broken, signal)).rejects.toThrow('certificate authority 2 cannot be read');
    });

    test('is deleted without them being read', async () => {
      await truststore.remove(request({ TrustAnchors: [stored] }), signal);
    });
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
    ['ClientAuthoritiesKey', '../truststore pem'],
    ['ObjectKey', 'trust store.pem'],
    ['ObjectKey', 'k'.repeat(1025)],
    ['CertificateAuthorities', '-----BEGIN CERTIFICATE-----'],
    ['CertificateAuthorities', [1]],
    ['CertificateAuthorities', ['-----BEGIN CERTIFICATE-----']],
    ['CertificateAuthorities', [null]],
    ['CertificateAuthorities', [[]]],
    ['CertificateAuthorities', [{ CertificateAuthorityArn: authorityArn(1) }]],
    ['CertificateAuthorities', [{ CertificateAuthorityArn: authorityArn(1), CertificateChain: ['PEM'] }]],
    ['CertificateAuthorities', [{ CertificateAuthorityArn: 'arn:aws:s3:::bucket', CertificateChain: 'PEM' }]],
    ['CertificateAuthorities', [{ CertificateAuthorityArn: `${authorityArn(1)}\n`, CertificateChain: 'PEM' }]],
    ['EmptyOnDelete', 'yes'],
    ['EmptyOnDelete', true],
  ])('refuses %s: %j', async (property, value) => {
    const applied = truststore.apply(request({ [property]: value }), signal);

    await expect(applied).rejects.toThrow(PropertyError);
    await expect(applied).rejects.toThrow(new RegExp(`^${property}`));
  });

  test('names the place in the list of what it refuses', async () => {
    const second = { CertificateAuthorityArn: 'arn:aws:s3:::bucket', CertificateChain: 'PEM' };

    await expect(
      truststore.apply(request({ CertificateAuthorities: [trusted(1, root), second] }), signal),
    ).rejects.toThrow(
      'CertificateAuthorities[1].CertificateAuthorityArn must be the ARN of an ACM PCA certificate authority, or of the KMS key of one, got "arn:aws:s3:::bucket"',
    );
  });

  describe('that an authority is to leave', () => {
    const hold = () => {
      registry.clients.set('mail', clientOf('mail'));
      registry.certificates.set('AA', certificateOf({ fingerprint: 'AA', certificateAuthorityArn: authorityArn(1) }));
    };

    test('no longer holds it once nobody has a certificate of it', async () => {
      await truststore.apply(removal(), signal);

      expect(bucket.bodies.get('truststore.pem')).toBe(successor.pem);
    });

    test('is not published as long as somebody has', async () => {
      hold();

      await expect(truststore.apply(removal(), signal)).rejects.toThrow(AuthorityInUseError);

      expect(bucket.versions).toHaveLength(0);
      expect(bus.events).toEqual([]);
    });

    test('still holds it when that is the rollback of its arrival', async () => {
      hold();
      isRollingBack = true;

      await truststore.apply(removal(), signal);

      expect(bucket.bodies.get('truststore.pem')).toBe(successor.pem + root.pem);
    });

    test('holds it when only its chain has changed', async () => {
      hold();
      const renewal = {
        ...request({ CertificateAuthorities: [trusted(1, successor)] }),
        oldProperties: { CertificateAuthorities: [trusted(1, root)] },
      };

      await expect(truststore.apply(renewal, signal)).resolves.toEqual({ VersionId: 'v1' });
    });

    test.each([
      ['there were none', {}],
      ['they were chains alone, as an earlier version wrote them', { CertificateAuthorities: ['PEM'] }],
      ['an update failed to give it such', { CertificateAuthorities: [{ CertificateAuthorityArn: 'Authority' }] }],
    ])('leaves out nobody when the properties before name nobody: %s', async (_case, oldProperties) => {
      hold();

      await expect(
        truststore.apply({ ...request({ CertificateAuthorities: [trusted(2, successor)] }), oldProperties }, signal),
      ).resolves.toEqual({ VersionId: 'v1' });
    });
  });

  describe('when deleted', () => {
    test('takes every version of every object with it, page by page', async () => {
      bucket = new MemoryBucket(1000);
      truststore = create();
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
        "1 versions in bucket mesh-truststore can't be deleted, the first of key-00001: AccessDenied Access Denied",
      );
    });
  });
});

function trusted(id: number, { pem }: Authority) {
  return { CertificateAuthorityArn: authorityArn(id), CertificateChain: pem };
}
