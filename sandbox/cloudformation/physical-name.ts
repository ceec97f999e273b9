import { randomBytes } from 'node:crypto';
import type { ResourceRequest } from './resource-type';

/**
 * The name of a resource without a name in the template: `<stack>-<logical ID>-<random>`, shortened to `maxLength`.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html
 */
export function physicalName(request: ResourceRequest, maxLength: number): string {
  const suffix = `-${randomBytes(6).toString('hex').toUpperCase()}`;
  return `${request.stackName}-${request.logicalId}`.slice(0, maxLength - suffix.length) + suffix;
}
