import type { TrustedAuthority, TruststoreAttributes, TruststoreProperties } from '../../mesh/contract';
import { brokenBucketNameRule, brokenObjectKeyRule } from '../../mesh/names';
import { authoritiesInForce, TruststoreError, truststoreBundle } from '../../pki/truststore';
import type { Announcer } from '../../registry/audit';
import { brokenAuthorityArnRule } from '../custom-resource/authority-arn';
import type { CustomResource } from '../custom-resource/custom-resource';
import { choiceProperty, PropertyError, recordsProperty, textProperty } from '../custom-resource/properties';
import type { CustomResourceRequest, ResourceProperties } from '../custom-resource/request';
import type { Log } from '../log';
import type { ObjectReader } from '../object-reader';
import { trustAnchorPem, trustAnchorsProperty } from '../custom-resource/trust-anchor';
import type { Departure } from './removal-guard';
import type { ObjectStore } from './object-store';
import type { Stacks } from './stacks';

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
    private readonly departure: Departure,
    private readonly stacks: Stacks,
    private readonly announcer: Announcer,
    private readonly now: () => Date,
    private readonly log: Log,
  ) {}

  identify(properties: ResourceProperties): string {
    return `s3://${readBucketName(properties)}`;
  }

  async apply({ properties, oldProperties, stackId, requestId }: CustomResourceRequest, signal: AbortSignal) {
    const { BucketName, ObjectKey, CertificateAuthorities: declared } = readTruststoreProperties(properties);
    const leaving = authoritiesBefore(oldProperties).filter((authority) => !isAmong(declared, authority));
    const staying = await this.departure.staying(leaving, stackId, signal);
    const chains = [...declared, ...staying].map(({ CertificateChain }) => CertificateChain);
    for (const anchor of trustAnchorsProperty(properties, 'TrustAnchors' satisfies keyof TruststoreProperties)) {
      chains.push(await trustAnchorPem(anchor, this.objects, signal));
    }
    const bundle = await this.bundle(chains, stackId, signal);
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

  /**
   * A rollback brings back what was published before, and some of that may have expired since. It lets in nobody any more,
   * so it stays away, and the rollback does not get stuck on it.
   */
  private async bundle(chains: readonly string[], stackId: string, signal: AbortSignal): Promise<string> {
    const now = this.now();
    try {
      return truststoreBundle(chains, now);
    } catch (error) {
      if (!(error instanceof TruststoreError && (await this.stacks.isRollingBack(stackId, signal)))) throw error;
      return truststoreBundle(authoritiesInForce(chains, now), now);
    }
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
    CertificateAuthorities: readAuthorities(properties),
    EmptyOnDelete: choiceProperty(properties, 'EmptyOnDelete', ['true', 'false']),
  };
}

function readAuthorities(properties: ResourceProperties): readonly TrustedAuthority[] {
  return recordsProperty(properties, 'CertificateAuthorities', (text) => ({
    CertificateAuthorityArn: text('CertificateAuthorityArn', brokenAuthorityArnRule),
    CertificateChain: text('CertificateChain', () => undefined),
  }));
}

/** None for properties that an update failed to give the resource, or that are of another form: none were published. */
function authoritiesBefore(oldProperties: ResourceProperties): readonly TrustedAuthority[] {
  try {
    return readAuthorities(oldProperties);
  } catch (error) {
    if (error instanceof PropertyError) return [];
    throw error;
  }
}

function isAmong(authorities: readonly TrustedAuthority[], { CertificateAuthorityArn }: TrustedAuthority): boolean {
  return authorities.some((authority) => authority.CertificateAuthorityArn === CertificateAuthorityArn);
}

function readBucketName(properties: ResourceProperties): string {
  return textProperty(properties, 'BucketName', brokenBucketNameRule);
}
