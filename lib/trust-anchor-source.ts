import { readFileSync } from 'node:fs';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { TrustAnchorSourceConfig } from './interfaces';

/**
 * Where the certificates of a trust anchor come from: PEM with each authority and every authority above it, up to the
 * root. A changed certificate changes the template, so the next deployment publishes it.
 *
 * Extend this class to read certificates from somewhere else during synthesis.
 *
 * @example
 * class VendoredAuthority extends TrustAnchorSource {
 *   constructor(private readonly name: string) {
 *     super();
 *   }
 *
 *   bind(): TrustAnchorSourceConfig {
 *     return { pem: readFileSync(`vendor/${this.name}.pem`, 'utf8'), description: `the vendored ${this.name}` };
 *   }
 * }
 */
export abstract class TrustAnchorSource {
  /**
   * Text, which becomes part of the template.
   *
   * The trust anchor throws if the text contains a private key, no certificate, or a certificate that is not an
   * authority's.
   */
  static fromPem(text: string): TrustAnchorSource {
    return new PemSource('the text', () => text);
  }

  /**
   * A file, read during synthesis. Its text becomes part of the template.
   *
   * The trust anchor throws if the file can't be read, and for the same reasons as with `fromPem`.
   *
   * @param path relative to the working directory of synthesis
   */
  static fromFile(path: string): TrustAnchorSource {
    return new PemSource(`the file ${path}`, () => readFileSync(path, 'utf8'));
  }

  /**
   * An existing object in S3 of at most 256 KiB, read during deployment.
   *
   * @param bucket in the mesh's Region, with versioning enabled
   * @param key letters, digits, dots, hyphens, underscores, and slashes
   * @param objectVersion the version ID; new content has a new version ID, which changes the template
   */
  static fromBucketObject(bucket: s3.IBucket, key: string, objectVersion: string): TrustAnchorSource {
    return new BucketObjectSource(bucket, key, objectVersion);
  }

  /**
   * Returns where the certificates are. `TrustAnchor` calls this method once, checks the result, and grants the mesh's
   * functions access to a bucket object.
   *
   * @param scope the trust anchor
   */
  abstract bind(scope: Construct): TrustAnchorSourceConfig;
}

class PemSource extends TrustAnchorSource {
  constructor(
    private readonly description: string,
    private readonly read: () => string,
  ) {
    super();
  }

  override bind(scope: Construct): TrustAnchorSourceConfig {
    const { description } = this;
    try {
      return { pem: this.read(), description };
    } catch (cause) {
      throw new Error(`${scope.node.path}: source must be a readable file (${description})`, { cause });
    }
  }
}

class BucketObjectSource extends TrustAnchorSource {
  constructor(
    private readonly bucket: s3.IBucket,
    private readonly objectKey: string,
    private readonly objectVersion: string,
  ) {
    super();
  }

  override bind(): TrustAnchorSourceConfig {
    return { bucketObject: { bucket: this.bucket, objectKey: this.objectKey, objectVersion: this.objectVersion } };
  }
}
