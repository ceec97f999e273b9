/** Counts of requests. */
import { clientId, serviceId } from '../../graph/drawing';
import type { CallCount, RefusalCount, TrafficView } from '../state';
import type { LoggedRefusal, LoggedRequest } from './log-lines';

/** A request of a known client to a path. */
interface Call {
  readonly time: number;
  readonly clientName: string;
  readonly path: string;
  readonly outcome: 'allowed' | 'failed' | 'refused';
}

export function callCounts(
  requests: readonly LoggedRequest[],
  refusals: readonly LoggedRefusal[],
): readonly CallCount[] {
  const counts = new Map<string, CallCount>();
  for (const { clientName, path, time, outcome } of [...requests.flatMap(callOf), ...refusals.flatMap(refusedCallOf)]) {
    // The first segment of a path is the name of the service.
    const [from, to] = [clientId(clientName), serviceId(path.split('/')[1] ?? '')];
    const key = JSON.stringify([from, to]);
    const { allowed = 0, failed = 0, refused = 0, lastAt = '' } = counts.get(key) ?? {};
    const at = new Date(time).toISOString();
    counts.set(key, {
      from,
      to,
      allowed: allowed + (outcome === 'refused' ? 0 : 1),
      failed: failed + (outcome === 'failed' ? 1 : 0),
      refused: refused + (outcome === 'refused' ? 1 : 0),
      lastAt: at > lastAt ? at : lastAt,
    });
  }
  return [...counts.values()];
}

function callOf({ clientName, path, time, status }: LoggedRequest): readonly Call[] {
  return clientName === undefined ? [] : [{ clientName, path, time, outcome: status >= 500 ? 'failed' : 'allowed' }];
}

function refusedCallOf({ missingGrant, time }: LoggedRefusal): readonly Call[] {
  return missingGrant === undefined ? [] : [{ ...missingGrant, time, outcome: 'refused' }];
}

/** @param refusals the latest first */
export function refusalCounts(
  refusals: readonly LoggedRefusal[],
  callerOf: (refusal: LoggedRefusal) => string,
): readonly RefusalCount[] {
  const latest = new Map<RefusalCount['code'], LoggedRefusal>();
  for (const refusal of refusals) if (!latest.has(refusal.code)) latest.set(refusal.code, refusal);
  return [...latest.values()]
    .map(({ code, time }) => {
      const ofCode = refusals.filter((refusal) => refusal.code === code);
      return {
        code,
        count: ofCode.length,
        lastAt: new Date(time).toISOString(),
        callers: frequencies(ofCode.map(callerOf)).map(([caller, count]) => ({ caller, count })),
      };
    })
    .sort((one, other) => other.count - one.count);
}

export function statusCounts(requests: readonly LoggedRequest[]): TrafficView['unidentified'] {
  return frequencies(requests.map(({ status }) => status)).map(([status, count]) => ({ status, count }));
}

/** @param since the beginning of the first minute. Milliseconds since 1970. */
export function minuteCounts(
  requests: readonly LoggedRequest[],
  refusals: readonly LoggedRefusal[],
  since: number,
  minutes: number,
): TrafficView['minutes'] {
  const counts = Array.from({ length: minutes }, () => ({ allowed: 0, refused: 0 }));
  const minuteOf = ({ time }: { readonly time: number }) =>
    counts[Math.floor((time - since) / 60_000)] ?? counts.at(-1);
  for (const request of requests) {
    const minute = minuteOf(request);
    if (minute && request.clientName !== undefined) minute.allowed += 1;
  }
  for (const refusal of refusals) {
    const minute = minuteOf(refusal);
    if (minute) minute.refused += 1;
  }
  return counts;
}

/** The most frequent first. */
function frequencies<T>(values: readonly T[]): readonly (readonly [T, number])[] {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, one], [, other]) => other - one);
}
