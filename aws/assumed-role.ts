import { AwsCallError, isAwsError } from './aws-error';
import type { AssumedCredentials, Sts } from './sts';

/** Milliseconds. */
const TIME = 15_000;

/**
 * Credentials of a role of another account, for an SDK client, which keeps them until shortly before they expire.
 * @throws AwsCallError that says who must allow it
 */
export function assumedRole(
  sts: Pick<Sts, 'assumeRole'>,
  roleArn: string,
  sessionName: string,
): () => Promise<AssumedCredentials> {
  return async () => {
    try {
      return await sts.assumeRole(roleArn, sessionName, AbortSignal.timeout(TIME));
    } catch (error) {
      if (!isAwsError(error, 'AccessDenied')) throw error;
      const hint = 'deploy the role with addSecretsRole in that account, and allowStack for that account in the mesh';
      throw new AwsCallError('sts:AssumeRole', 'AccessDenied', `${(error as AwsCallError).reason} (${hint})`);
    }
  };
}
