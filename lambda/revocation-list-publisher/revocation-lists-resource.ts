import type { Log } from '../../aws/cloudwatch';
import type { Pause } from '../../aws/retry';
import type { ObjectPublisher } from '../../aws/s3';
import { bucketNameProblem } from '../../mesh/aws-names';
import type { RevocationListsProperties } from '../../mesh/kms-authority';
import type { CustomResourceHandler } from '../custom-resource/custom-resource';
import { emptyBucket } from '../custom-resource/empty-bucket';
import { PropertyError, textProperty } from '../custom-resource/properties';
import type { CustomResourceRequest, ResourceProperties } from '../custom-resource/request';
import type { RevocationLists } from './revocation-lists';

/** How long a run usually takes at most. Milliseconds. */
const RUN_TIME = 10_000;

export interface RevocationListsResourceOptions {
  /** The bucket of the function. */
  readonly bucket: string;
  readonly lists: Pick<RevocationLists, 'publish'>;
  readonly publisher: Pick<ObjectPublisher, 'listVersions' | 'deleteVersions'>;
  readonly pause: Pause;
  readonly log: Log;
}

/** `Custom::MtlsRevocationLists`: the lists exist when the deployment ends. Deletion empties their bucket. */
export class RevocationListsResource implements CustomResourceHandler {
  constructor(private readonly options: RevocationListsResourceOptions) {}

  identify(properties: ResourceProperties): string {
    const name = 'BucketName' satisfies keyof RevocationListsProperties;
    const bucket = textProperty(properties, name, bucketNameProblem);
    if (bucket !== this.options.bucket) throw new PropertyError(name, "must be the function's own bucket", bucket);
    return `s3://${bucket}`;
  }

  async apply(_request: CustomResourceRequest, signal: AbortSignal) {
    await this.options.lists.publish(undefined, signal);
    return {};
  }

  async remove({ properties, requestId }: CustomResourceRequest, signal: AbortSignal): Promise<void> {
    const { bucket, publisher, pause, log } = this.options;
    if (properties['EmptyOnDelete' satisfies keyof RevocationListsProperties] !== 'true') return;
    // The rules are deleted before this resource. A run that they have started may still put its lists.
    for (let deleted = 1; deleted > 0; await pause(RUN_TIME, signal)) {
      deleted = await emptyBucket(publisher, bucket, signal);
      log({ event: 'revocation-lists-emptied', bucket, deleted, requestId });
    }
  }
}
