import { type Account, regionalArn } from '../account';
import { type AwsCall, AwsError } from '../endpoint/api';
import type { QueryApiOptions, QueryInput } from '../endpoint/query-protocol';
import type { XmlElements } from '../endpoint/xml';
import { page } from '../services/shared/paging';
import type { RecordedEvent } from './event';
import type { Stack } from './stack';
import type { StackResource } from './stack-resource';

export type DescribedStack = Pick<
  Stack,
  'id' | 'name' | 'status' | 'createdAt' | 'outputs' | 'resources' | 'events' | 'exports' | 'imports'
>;

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStacks.html */
const PAGE_SIZE = 100;

/**
 * The operations that read stacks. A deleted stack can only be found by its ID.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Operations.html
 *
 * @param stacks oldest first
 */
export function cloudFormationOperations(
  account: Account,
  stacks: () => readonly DescribedStack[],
): QueryApiOptions['operations'] {
  const existing = () => stacks().filter(({ status }) => status !== undefined);

  /** @throws AwsError `ValidationError` */
  function authorizedStack(action: string, name: string, call: AwsCall): DescribedStack {
    const stack = existing().find(
      ({ id, name: known, status }) => id === name || (known === name && status !== 'DELETE_COMPLETE'),
    );
    call.authorize(`cloudformation:${action}`, stack?.id ?? arnOf(name));
    if (stack === undefined) throw new AwsError('ValidationError', `Stack with id ${name} does not exist`);
    return stack;
  }

  /** The ARN of a stack that doesn't exist, for the caller's policies. */
  function arnOf(name: string): string {
    return name.startsWith('arn:') ? name : regionalArn(account, 'cloudformation', `stack/${name}/*`);
  }

  function describeStacks(input: QueryInput, call: AwsCall): XmlElements {
    const { StackName } = known('DescribeStacks', input, ['StackName', 'NextToken']);
    if (StackName !== undefined) {
      return { Stacks: { member: [describeStack(authorizedStack('DescribeStacks', StackName, call))] } };
    }
    call.authorize('cloudformation:DescribeStacks', arnOf('*'));
    const living = existing().filter(({ status }) => status !== 'DELETE_COMPLETE');
    const { items, next } = pageOf([...living].reverse(), input);
    return { Stacks: { member: items.map(describeStack) }, ...next };
  }

  function listStacks(input: QueryInput, call: AwsCall): XmlElements {
    const names = Object.keys(input).filter((name) => name.startsWith('StackStatusFilter'));
    known('ListStacks', input, ['NextToken', ...names]);
    call.authorize('cloudformation:ListStacks', '*');
    const wanted = names.map((name) => input[name]).filter(Boolean);
    const found = existing().filter(({ status }) => wanted.length === 0 || wanted.includes(status));
    const { items, next } = pageOf([...found].reverse(), input);
    const member = items.map(({ id, name, createdAt, status }) => ({
      StackId: id,
      StackName: name,
      CreationTime: createdAt,
      StackStatus: status,
    }));
    return { StackSummaries: { member }, ...next };
  }

  function describeStackResources(input: QueryInput, call: AwsCall): XmlElements {
    const given = known('DescribeStackResources', input, ['StackName', 'LogicalResourceId', 'PhysicalResourceId']);
    const { StackName, LogicalResourceId: logicalId, PhysicalResourceId: physicalId } = given;
    const owner = stacks().find(({ resources }) => ofPhysicalId(resources, physicalId) !== undefined);
    const stack = authorizedStack('DescribeStackResources', StackName ?? owner?.id ?? '', call);
    const member = resourcesOf(stack)
      .filter((resource) => logicalId === undefined || resource.logicalId === logicalId)
      .filter((resource) => physicalId === undefined || resource.resource.physicalId === physicalId)
      .map((resource) => ({
        StackId: stack.id,
        StackName: stack.name,
        ...describeResource(stack, resource, 'Timestamp'),
      }));
    return { StackResources: { member } };
  }

  function describeStackResource(input: QueryInput, call: AwsCall): XmlElements {
    const { StackName = '', LogicalResourceId = '' } = known('DescribeStackResource', input, [
      'StackName',
      'LogicalResourceId',
    ]);
    const stack = authorizedStack('DescribeStackResource', StackName, call);
    const resource = stack.resources.get(LogicalResourceId);
    if (resource === undefined) {
      const reason = `Resource ${LogicalResourceId} does not exist for stack ${StackName}`;
      throw new AwsError('ValidationError', reason);
    }
    return {
      StackResourceDetail: {
        StackId: stack.id,
        StackName: stack.name,
        ...describeResource(stack, resource, 'LastUpdatedTimestamp'),
      },
    };
  }

  function listStackResources(input: QueryInput, call: AwsCall): XmlElements {
    const { StackName = '' } = known('ListStackResources', input, ['StackName', 'NextToken']);
    const stack = authorizedStack('ListStackResources', StackName, call);
    const { items, next } = pageOf(resourcesOf(stack), input);
    const member = items.map((resource) => describeResource(stack, resource, 'LastUpdatedTimestamp'));
    return { StackResourceSummaries: { member }, ...next };
  }

  function describeStackEvents(input: QueryInput, call: AwsCall): XmlElements {
    const { StackName = '' } = known('DescribeStackEvents', input, ['StackName', 'NextToken']);
    const stack = authorizedStack('DescribeStackEvents', StackName, call);
    const { items, next } = pageOf([...stack.events].reverse(), input);
    return { StackEvents: { member: items.map((event) => describeEvent(stack, event)) }, ...next };
  }

  return {
    DescribeStackEvents: describeStackEvents,
    DescribeStackResource: describeStackResource,
    DescribeStackResources: describeStackResources,
    DescribeStacks: describeStacks,
    ListStackResources: listStackResources,
    ListStacks: listStacks,
  };
}

/** @throws AwsError for a parameter that isn't supported */
function known(operation: string, input: QueryInput, names: readonly string[]): QueryInput {
  const other = Object.keys(input).find((name) => !names.includes(name));
  if (other === undefined) return input;
  throw new AwsError('ValidationError', `the sandbox does not support the parameter ${other} of ${operation}`);
}

function pageOf<T>(all: readonly T[], { NextToken }: QueryInput): { items: readonly T[]; next: XmlElements } {
  const { items, nextToken } = page(all, PAGE_SIZE, NextToken);
  return { items, next: { NextToken: nextToken } };
}

function describeStack({ id, name, status, createdAt, outputs }: DescribedStack): XmlElements {
  const member = Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }));
  return {
    StackId: id,
    StackName: name,
    CreationTime: createdAt,
    StackStatus: status,
    Outputs: { member },
  };
}

function resourcesOf({ resources }: DescribedStack): readonly StackResource[] {
  return [...resources.values()].sort(({ logicalId: one }, { logicalId: other }) => (one < other ? -1 : 1));
}

function ofPhysicalId(resources: DescribedStack['resources'], physicalId: string | undefined) {
  return [...resources.values()].find(({ resource }) => resource.physicalId === physicalId);
}

/** With the status in the resource's last event. */
function describeResource(
  { events }: DescribedStack,
  { logicalId, resource, declaration }: StackResource,
  timeElement: 'Timestamp' | 'LastUpdatedTimestamp',
): XmlElements {
  const last = events.findLast((event) => event.logicalId === logicalId);
  return {
    LogicalResourceId: logicalId,
    PhysicalResourceId: resource.physicalId,
    ResourceType: declaration.type,
    [timeElement]: last?.timestamp,
    ResourceStatus: last?.status,
    ResourceStatusReason: last?.reason,
  };
}

function describeEvent({ id, name }: DescribedStack, event: RecordedEvent): XmlElements {
  return {
    StackId: id,
    StackName: name,
    EventId: event.id,
    LogicalResourceId: event.logicalId,
    PhysicalResourceId: event.physicalId ?? '',
    ResourceType: event.resourceType,
    Timestamp: event.timestamp,
    ResourceStatus: event.status,
    ResourceStatusReason: event.reason,
  };
}
