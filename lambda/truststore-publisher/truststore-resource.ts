import type { CloudFormation } from '../../aws/cloudformation';
import type { Log } from '../../aws/cloudwatch';
import type { ObjectPublisher, ObjectReader } from '../../aws/s3';
import { authorityArnProblem, bucketNameProblem, objectKeyProblem } from '../../mesh/aws-names';
import type { TrustedAuthority, TruststoreAttributes, TruststoreProperties } from '../../mesh/custom-resources';
import { LARGEST_TRUSTSTORE } from '../../mesh/truststore';
import { TruststoreError, type TruststoreLimits, truststoreBundle, validAuthorities } from '../../pki/truststore';
import type { Audit } from '../../registry/audit';
import type { CustomResourceHandler } from '../custom-resource/custom-resource';
import { emptyBucket } from '../custom-resource/empty-bucket';
import { choiceProperty, PropertyError, recordsProperty, textProperty } from '../custom-resource/properties';
import type { CustomResourceRequest, ResourceProperties } from '../custom-resource/request';
import { trustAnchorPem, trustAnchorsProperty } from '../custom-resource/trust-anchor';
import { assertRegistryStays } from './registry-guard';
import type { RemovalGuard } from './removal-guard';

/** The bucket is not suitable for a truststore. */
export class TruststoreBucketError extends Error {
  override readonly name = 'TruststoreBucketError';
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mutual-tls.html#http-api-mutual-tls-prerequisites */
export const API_GATEWAY_LIMITS: TruststoreLimits = {
  verifier: 'API Gateway',
  longestChain: 4,
  largestBundle: LARGEST_TRUSTSTORE,
};

export interface TruststoreResourceOptions {
  readonly objects: Pick<ObjectReader, 'readObject'>;
  readonly publisher: Pick<ObjectPublisher, 'putPem' | 'listVersions' | 'deleteVersions'>;
  readonly removalGuard: Pick<RemovalGuard, 'authoritiesToKeep'>;
  readonly stacks: Pick<CloudFormation, 'isRollingBack'>;
  readonly audit: Audit;
  readonly now: () => Date;
  readonly log: Log;
}

/**
 * `Custom::MtlsTruststore`: a bundle of authorities in a dedicated bucket, and beside it the mesh's own authorities for servers
 * outside the gateway, which don't look up the clients of trust anchors in the registry. Only the bucket identifies the resource, not
 * the key. Deletion empties the bucket, so a changed key must not make CloudFormation delete an old resource.
 */
export class TruststoreResource implements CustomResourceHandler {
  constructor(private readonly options: TruststoreResourceOptions) {}

  identify(properties: ResourceProperties): string {
    return `s3://${readBucketName(properties)}`;
  }

  async apply(request: CustomResourceRequest, signal: AbortSignal) {
    const { objects, publisher, removalGuard, stacks, audit } = this.options;
    const { properties, oldProperties, stackId, requestId } = request;
    await assertRegistryStays(request, stacks, signal);
    const published = readTruststoreProperties(properties);
    const { BucketName, ObjectKey, ClientAuthoritiesKey, CertificateAuthorities: declared } = published;
    const leaving = previousAuthorities(oldProperties).filter((authority) => !isAmong(declared, authority));
    const kept = await removalGuard.authoritiesToKeep(leaving, stackId, signal);
    const own = [...declared, ...kept].map(({ CertificateChain }) => CertificateChain);
    const chains = [...own];
    for (const anchor of trustAnchorsProperty(properties, 'TrustAnchors' satisfies keyof TruststoreProperties)) {
      chains.push(await trustAnchorPem(anchor, objects, signal));
    }
    const bundle = await this.bundle(chains, stackId, signal);
    const clientAuthorities = await this.bundle(own, stackId, signal);
    signal.throwIfAborted();
    await publisher.putPem(BucketName, ClientAuthoritiesKey, clientAuthorities, signal);
    const versionId = await publisher.putPem(BucketName, ObjectKey, bundle, signal);
    // "null" is the only version of an object in a bucket with suspended versioning.
    if (versionId === undefined || versionId === 'null') {
      throw new TruststoreBucketError(
        `bucket ${BucketName} has no versioning, but a domain name needs the version of its truststore: enable versioning`,
      );
    }
    await audit.record('truststoreChanged', {}, { bucket: BucketName, key: ObjectKey, versionId, requestId });
    return { VersionId: versionId } satisfies TruststoreAttributes;
  }

  async remove({ properties, requestId }: CustomResourceRequest, signal: AbortSignal): Promise<void> {
    if (properties['EmptyOnDelete'] !== 'true') return;
    const bucket = readBucketName(properties);
    const deleted = await emptyBucket(this.options.publisher, bucket, signal);
    this.options.log({ event: 'truststore-emptied', bucket, deleted, requestId });
  }

  /**
   * A rollback publishes the previous authorities again, and some may have expired since. Clients of an expired
   * authority are refused in any case, so the rollback leaves it out instead of failing.
   */
  private async bundle(chains: readonly string[], stackId: string, signal: AbortSignal): Promise<string> {
    const now = this.options.now();
    try {
      return truststoreBundle(chains, now, API_GATEWAY_LIMITS);
    } catch (error) {
      const isRollback = error instanceof TruststoreError && (await this.options.stacks.isRollingBack(stackId, signal));
      if (!isRollback) throw error;
      return truststoreBundle(validAuthorities(chains, now), now, API_GATEWAY_LIMITS);
    }
  }
}

function readTruststoreProperties(
  properties: ResourceProperties,
): Omit<TruststoreProperties, 'RegistryDeletionPolicy'> {
  return {
    BucketName: readBucketName(properties),
    ObjectKey: textProperty(properties, 'ObjectKey', objectKeyProblem),
    ClientAuthoritiesKey: textProperty(properties, 'ClientAuthoritiesKey', objectKeyProblem),
    CertificateAuthorities: readAuthorities(properties),
    EmptyOnDelete: choiceProperty(properties, 'EmptyOnDelete', ['true', 'false']),
  };
}

function readAuthorities(properties: ResourceProperties): readonly TrustedAuthority[] {
  return recordsProperty(properties, 'CertificateAuthorities', (text) => ({
    CertificateAuthorityArn: text('CertificateAuthorityArn', authorityArnProblem),
    CertificateChain: text('CertificateChain', () => undefined),
  }));
}

/** Empty for the invalid properties of a failed update, because nothing was published for them. */
function previousAuthorities(oldProperties: ResourceProperties): readonly TrustedAuthority[] {
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
  return textProperty(properties, 'BucketName', bucketNameProblem);
}
