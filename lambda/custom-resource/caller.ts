import { configuredEndpoint } from '../../aws/connection';
import { accountOfAlias } from '../../mesh/other-accounts';
import { CustomResourceEventError } from './request';

/** The other account that invoked the function. Undefined for the function's own account. */
export function otherAccountIn({ invokedFunctionArn }: { readonly invokedFunctionArn: string }): string | undefined {
  return accountOfAlias(invokedFunctionArn);
}

/** Hosts of buckets in any partition, and in the sandbox, which has a name of RFC 2606 that never resolves. */
const BUCKET_HOSTS = /^[a-z0-9.-]+\.s3([.-][a-z0-9-]+)?\.(amazonaws\.(com|com\.cn|eu)|invalid)$/;

/**
 * Refuses a response URL that isn't one of Amazon S3. Principals of another account may invoke the function directly, and must not
 * make it send requests into the network of the mesh. CloudFormation's URLs are those of objects in Amazon S3.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html
 * @throws CustomResourceEventError
 */
export function assertResponseUrlOfS3(responseUrl: string, environment: NodeJS.ProcessEnv = process.env): void {
  const { protocol, hostname, origin } = new URL(responseUrl);
  if (protocol === 'https:' && BUCKET_HOSTS.test(hostname)) return;
  const endpoint = configuredEndpoint('S3', environment);
  if (endpoint !== undefined && new URL(endpoint).origin === origin) return;
  throw new CustomResourceEventError('the ResponseURL of the event is not that of an object in Amazon S3');
}
