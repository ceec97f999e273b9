import { createHash } from 'node:crypto';
import { DeleteObjectsCommand, ListObjectVersionsCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { ObjectStore, ObjectVersion, RefusedDeletion, VersionPage } from '../lambda/truststore-publisher/object-store';
import { awsCall, isAwsError } from './aws-error';

export class S3 implements ObjectStore {
  constructor(private readonly client: Pick<S3Client, 'send'>) {}

  async putPem(bucket: string, key: string, pem: string, signal: AbortSignal): Promise<string | undefined> {
    const command = new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: pem,
      ContentType: 'application/x-pem-file',
      ChecksumSHA256: createHash('sha256').update(pem).digest('base64'),
    });
    const { VersionId } = await awsCall('s3:PutObject', this.client.send(command, { abortSignal: signal }));
    return VersionId;
  }

  async listVersions(
    bucket: string,
    after: ObjectVersion | undefined,
    signal: AbortSignal,
  ): Promise<VersionPage | undefined> {
    const command = new ListObjectVersionsCommand({
      Bucket: bucket,
      KeyMarker: after?.key,
      // S3 refuses an empty marker.
      VersionIdMarker: after?.versionId || undefined,
    });
    try {
      const answer = await awsCall('s3:ListBucketVersions', this.client.send(command, { abortSignal: signal }));
      const versions = [...(answer.Versions ?? []), ...(answer.DeleteMarkers ?? [])].map((version) => ({
        key: version.Key ?? '',
        versionId: version.VersionId ?? '',
      }));
      const next = { key: answer.NextKeyMarker ?? '', versionId: answer.NextVersionIdMarker ?? '' };
      return { versions, next: answer.IsTruncated === true ? next : undefined };
    } catch (error) {
      if (isAwsError(error, 'NoSuchBucket')) return undefined;
      throw error;
    }
  }

  async deleteVersions(
    bucket: string,
    versions: readonly ObjectVersion[],
    signal: AbortSignal,
  ): Promise<readonly RefusedDeletion[]> {
    const command = new DeleteObjectsCommand({
      Bucket: bucket,
      Delete: { Quiet: true, Objects: versions.map(({ key, versionId }) => ({ Key: key, VersionId: versionId })) },
    });
    try {
      const { Errors } = await awsCall('s3:DeleteObjectVersion', this.client.send(command, { abortSignal: signal }));
      return (Errors ?? []).map(({ Key, Code, Message }) => ({
        key: Key ?? '',
        code: Code ?? 'UnknownError',
        message: Message ?? '',
      }));
    } catch (error) {
      if (isAwsError(error, 'NoSuchBucket')) return [];
      throw error;
    }
  }
}
