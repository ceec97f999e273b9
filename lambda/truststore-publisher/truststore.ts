import type { TruststoreAttributes, TruststoreProperties } from '../../pki/contract';
import { brokenBucketNameRule, brokenObjectKeyRule } from '../../pki/names';
import { truststoreBundle } from '../../pki/truststore';
import type { Announcer } from '../announcer';
import type { CustomResource } from '../custom-resource/custom-resource';
import { choiceProperty, listProperty, textProperty } from '../custom-resource/properties';
import type { CustomResourceRequest, ResourceProperties } from '../custom-resource/request';
import type { Log } from '../log';
import type { ObjectReader } from '../object-reader';
import { trustAnchorPem, trustAnchorsProperty } from '../trust-anchor';
import type { ObjectStore } from './object-store';

/** The bucket does not do what a truststore needs of it. */
export class TruststoreBucketError extends Error {
  override readonly name = 'TruststoreBucketError';
}

/**
 * `Custom::MtlsTruststore`: a bundle of trust anchors in a bucket of its own. The bucket is its identity, and not the
 * key: deletion empties the bucket, so a changed key must not count as another resource whose old one is deleted.
 */
export class Truststore implements CustomResource {
  constructor(
    private readonly store: ObjectStore,
    private readonly objects: ObjectReader,
    private readonly announcer: Announcer,
    private readonly now: () => Date,
    private readonly log: Log,
  ) {}

  identify(properties: ResourceProperties): string {
    return `s3://${readBucketName(properties)}`;
  }

  async apply({ properties, requestId }: CustomResourceRequest, signal: AbortSignal) {
    const { BucketName, ObjectKey, CertificateAuthorities } = readTruststoreProperties(properties);
    const trustAnchors: string[] = [];
    for (const anchor of trustAnchorsProperty(properties, 'TrustAnchors' satisfies keyof TruststoreProperties)) {
      trustAnchors.push(await trustAnchorPem(anchor, this.objects, signal));
    }
    const bundle = truststoreBundle([...CertificateAuthorities, ...trustAnchors], this.now());
    signal.throwIfAborted();
    const versionId = await this.store.putPem(BucketName, ObjectKey, bundle, signal);
    // S3 names the one version of a bucket whose versioning is suspended "null".
    if (versionId === undefined || versionId === 'null') {
      throw new TruststoreBucketError(
        `bucket ${BucketName} keeps no versions, and a domain name needs the version of its truststore: enable versioning`,
      );
    }
    this.log({ event: 'truststore-published', bucket: BucketName, key: ObjectKey, versionId, requestId });
    await this.announcer.announce('Truststore Changed', {});
    return { VersionId: versionId } satisfies TruststoreAttributes;
  }

  async remove({ properties, requestId }: CustomResourceRequest, signal: AbortSignal): Promise<void> {
    if (properties['EmptyOnDelete'] !== 'true') return;
    const bucket = readBucketName(properties);
    const deleted = await this.empty(bucket, signal);
    this.log({ event: 'truststore-emptied', bucket, deleted, requestId });
  }

  private async empty(bucket: string, signal: AbortSignal): Promise<number> {
    let deleted = 0;
    let page = await this.store.listVersions(bucket, undefined, signal);
    while (page !== undefined) {
      if (page.versions.length > 0) {
        const [refused, ...others] = await this.store.deleteVersions(bucket, page.versions, signal);
        if (refused !== undefined) {
          throw new TruststoreBucketError(
            `${others.length + 1} versions in bucket ${bucket} can't be deleted, the first of them of ${refused.key}: ${refused.code} ${refused.message}`,
          );
        }
        deleted += page.versions.length;
      }
      page = page.next && (await this.store.listVersions(bucket, page.next, signal));
    }
    return deleted;
  }
}

function readTruststoreProperties(properties: ResourceProperties): TruststoreProperties {
  return {
    BucketName: readBucketName(properties),
    ObjectKey: textProperty(properties, 'ObjectKey', brokenObjectKeyRule),
    CertificateAuthorities: listProperty(properties, 'CertificateAuthorities', () => undefined),
    EmptyOnDelete: choiceProperty(properties, 'EmptyOnDelete', ['true', 'false']),
  };
}

function readBucketName(properties: ResourceProperties): string {
  return textProperty(properties, 'BucketName', brokenBucketNameRule);
}
