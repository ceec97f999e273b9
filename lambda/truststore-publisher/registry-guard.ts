import type { CloudFormation } from '../../aws/cloudformation';
import type { TruststoreProperties } from '../../mesh/custom-resources';
import type { CustomResourceRequest } from '../custom-resource/request';

/** The deployment would delete the registry, and with it every client. */
class RegistryLeavesError extends Error {
  override readonly name = 'RegistryLeavesError';

  constructor() {
    super(
      'adoptRegistry would take the registry of this mesh out of its stack, and CloudFormation would delete the table, so that ' +
        'the gateway refuses every client: leave adoptRegistry out. To keep the table and take it out of the stack, first ' +
        'deploy with a removalPolicy that retains it',
    );
  }
}

/**
 * Keeps the registry of a live mesh from being taken for one that another stack has left behind. A table that leaves the template
 * is deleted at the end of the deployment, by the policy that it had before.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
 *
 * @throws RegistryLeavesError if the deployment adopts a table that it deletes, and is not a rollback
 */
export async function assertRegistryStays(
  { properties, oldProperties, stackId }: CustomResourceRequest,
  stacks: Pick<CloudFormation, 'isRollingBack'>,
  signal: AbortSignal,
): Promise<void> {
  const policy = 'RegistryDeletionPolicy' satisfies keyof TruststoreProperties;
  if (oldProperties[policy] !== 'Delete' || properties[policy] !== undefined) return;
  if (!(await stacks.isRollingBack(stackId, signal))) throw new RegistryLeavesError();
}
