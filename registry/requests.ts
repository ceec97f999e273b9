import type { AwsConnection } from '../aws/connection';
import { getItem, type ItemChange, type Table, updateItem } from '../aws/dynamodb';
import { requestsKey } from './records';
import { registryTable } from './table';

/** A later request has been made for the resource, so CloudFormation has an answer to this one, or waits no longer. */
class StaleRequestError extends Error {
  override readonly name = 'StaleRequestError';

  constructor(requestId: string) {
    super(`the request ${requestId} was delivered again after a later one for the same resource, so nothing changes`);
  }
}

/** A later request has registered or removed the client or service, so CloudFormation has an answer to this one, or waits no longer. */
export class LaterRequestError extends Error {
  override readonly name = 'LaterRequestError';

  /** @param subject such as `client mail` */
  constructor(subject: string) {
    super(`a later request has changed ${subject}, so nothing changes`);
  }
}

/** How many requests of a resource are remembered. */
const REQUESTS_KEPT = 10;

/**
 * How long the order of requests is remembered after the last one. Longer than the six hours for which Lambda delivers an event
 * again, than a request can run, and than clocks of functions differ:
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
const SECONDS_KEPT = 86_400;

/**
 * When DynamoDB may delete what tells a later request from earlier ones. Seconds since 1970.
 * @param at when the last request was recorded
 */
export function orderExpiresAt(at: Date): number {
  return Math.floor(at.getTime() / 1_000) + SECONDS_KEPT;
}

/**
 * The requests of CloudFormation for each custom resource, in their order. Lambda may deliver one again after a later one. It must
 * then neither bring back what the later one has removed, nor remove what it has declared.
 */
export class ResourceRequests {
  private readonly table: Table;

  constructor(tableName: string, connection: AwsConnection) {
    this.table = registryTable(tableName, connection);
  }

  /**
   * Records that the request is the last one. The last one may be repeated to complete it.
   *
   * @param resource the stack and the logical ID
   * @returns when it was recorded first, later than every request before. What depends on the order of writes can compare it:
   * Lambda may run a request twice at the same time, and a later request between the record and the writes of a slow run.
   * @throws StaleRequestError if it was recorded before a later one
   */
  async begin(resource: string, requestId: string, at: Date, signal: AbortSignal): Promise<Date> {
    const key = requestsKey(resource);
    const item = await getItem(this.table, key, signal);
    const earlier = (item?.['requests']?.L ?? []).flatMap(({ S: id }) => id ?? []);
    const before = Number(item?.['recordedAt']?.N ?? 0);
    if (earlier.at(-1) === requestId) return new Date(before);
    if (earlier.includes(requestId)) throw new StaleRequestError(requestId);
    const recordedAt = Math.max(at.getTime(), before + 1);
    const change: ItemChange = {
      set: {
        requests: [...earlier, requestId].slice(-REQUESTS_KEPT),
        last: requestId,
        recordedAt,
        expiresAt: orderExpiresAt(at),
      },
      condition: item ? '#last = :earlier' : 'attribute_not_exists(#last)',
      ...(item && { values: { ':earlier': earlier.at(-1) ?? '' } }),
    };
    // Another request has been recorded in between.
    if (!(await updateItem(this.table, key, change, signal))) return this.begin(resource, requestId, at, signal);
    return new Date(recordedAt);
  }
}
