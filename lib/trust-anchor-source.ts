import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Stack, Token } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { IConstruct } from 'constructs';
import { bucketNameProblem, objectKeyProblem, objectVersionProblem } from '../mesh/aws-names';
import type { TrustAnchorProperties } from '../mesh/contract';
import { checkText } from './private/validation';

/**
 * Where the certificates of a trust anchor come from: PEM, each authority together with those above it, up to the root. A
 * changed certificate is a changed property, so that a deployment brings it into the truststore.
 */
export abstract class TrustAnchorSource {
  /**
   * A text, which becomes part of the template.
   *
   * Using it throws when it holds a private key, no certificate, or one that is not an authority's.
   */
  static fromPem(text: string): TrustAnchorSource {
    return new PemSource('the text', () => text);
  }

  /**
   * A file, read in synthesis. Its text becomes part of the template.
   *
   * Using it throws as with `fromPem`, and when the file can't be read.
   *
   * @param path relative to the working directory of synthesis.
   */
  static fromFile(path: string): TrustAnchorSource {
    return new PemSource(`the file ${path}`, () => readFileSync(path, 'utf8'));
  }

  /**
   * An object in S3, at most 256 KiB, read in deployment; it must exist before.
   *
   * @param bucket in the mesh's Region, with versioning.
   * @param key letters, digits, dots, hyphens, underscores and slashes.
   * @param objectVersion the id of a version, which never changes: another one is a changed property.
   */
  static fromBucketObject(bucket: s3.IBucket, key: string, objectVersion: string): TrustAnchorSource {
    return new BucketObjectSource(bucket, key, objectVersion);
  }

  /** @internal */
  abstract _bind(scope: IConstruct): TrustAnchorProperties;

  /** @internal */
  abstract _grantRead(scope: IConstruct, grantee: iam.IGrantable): void;
}

class PemSource extends TrustAnchorSource {
  constructor(
    private readonly origin: string,
    private readonly read: () => string,
  ) {
    super();
  }

  override _bind(scope: IConstruct): TrustAnchorProperties {
    const fail = (rule: string, cause?: unknown): never => {
      throw new Error(`${scope.node.path}: source ${rule} (${this.origin})`, { cause });
    };
    let text: string;
    try {
      text = this.read();
    } catch (cause) {
      return fail('must be a file that can be read', cause);
    }
    const rule = Token.isUnresolved(text) ? undefined : pemProblem(text);
    return rule === undefined ? { Pem: text } : fail(rule);
  }

  override _grantRead(): void {}
}

class BucketObjectSource extends TrustAnchorSource {
  constructor(
    private readonly bucket: s3.IBucket,
    private readonly key: string,
    private readonly objectVersion: string,
  ) {
    super();
  }

  override _bind(scope: IConstruct): TrustAnchorProperties {
    checkText(scope, 'source bucket', this.bucket.bucketName, bucketNameProblem);
    checkText(scope, 'source key', this.key, objectKeyProblem);
    checkText(scope, 'source objectVersion', this.objectVersion, objectVersionProblem);
    return { BucketName: this.bucket.bucketName, ObjectKey: this.key, VersionId: this.objectVersion };
  }

  override _grantRead(scope: IConstruct, grantee: iam.IGrantable): void {
    iam.Grant.addToPrincipal({
      grantee,
      actions: ['s3:GetObjectVersion'],
      resourceArns: [this.bucket.arnForObjects(this.key)],
    });
    if (!this.bucket.encryptionKey) return;
    iam.Grant.addToPrincipal({
      grantee,
      actions: ['kms:Decrypt'],
      resourceArns: [this.bucket.encryptionKey.keyArn],
      conditions: { StringEquals: { 'kms:ViaService': `s3.${Stack.of(scope).region}.amazonaws.com` } },
    });
  }
}

/** No error quotes the text, which may hold a key by mistake. Chains are judged when they are published. */
function pemProblem(text: string): string | undefined {
  if (text.includes('PRIVATE KEY')) return 'must hold certificates only, got a private key as well';
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) return 'must hold the certificate of an authority in PEM, got none';
  const other = blocks.findIndex((block) => !isAuthority(block));
  return other < 0
    ? undefined
    : `must hold the certificates of authorities only, got another one as number ${other + 1}`;
}

function isAuthority(pem: string): boolean {
  try {
    return new X509Certificate(pem).ca;
  } catch {
    return false;
  }
}
