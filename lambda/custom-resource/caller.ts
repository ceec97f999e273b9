import { configuredEndpoint } from '../../aws/connection';
import { accountOfAlias } from '../../mesh/other-accounts';
import { CustomResourceEventError } from './request';

/** The other account that invoked the function. Undefined for the function's own account. */
export function otherAccountIn({ invokedFunctionArn }: { readonly invokedFunctionArn: string }): string | undefined {
  return accountOfAlias(invokedFunctionArn);
}

/** With the name of RFC 2606 that never resolves, which the sandbox answers. */
const HOSTS_OF_AWS = /\.(amazonaws\.com(\.cn)?|s3\.invalid)$/;

/**
 * Refuses a response URL that isn't one of AWS. Principals of another account may invoke the function directly, and must not
 * make it send requests into the network of the mesh. CloudFormation's URLs are those of objects in Amazon S3.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html
 * @throws CustomResourceEventError
 */
export function assertResponseUrlOfAws(responseUrl: string, environment: NodeJS.ProcessEnv = process.env): void {
  const { protocol, hostname, origin } = new URL(responseUrl);
  if (protocol === 'https:' && HOSTS_OF_AWS.test(hostname)) return;
  const endpoint = configuredEndpoint('S3', environment);
  if (endpoint !== undefined && new URL(endpoint).origin === origin) return;
  throw new CustomResourceEventError('the ResponseURL of the event is not that of an object in Amazon S3');
}
