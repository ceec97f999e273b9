import type { CloudWatchLogs } from '../../../aws/cloudwatch-logs';
import { clientNameFromSpiffeId } from '../../../mesh/names';
import type { Decision, TrafficView } from '../state';
import { callCounts, minuteCounts, refusalCounts, statusCounts } from './counts';
import { type LoggedRefusal, type LoggedRequest, parseRefusal, parseRequest, REFUSAL_PATTERN } from './log-lines';
import { LogWindow } from './log-window';
import type { MeshLogGroups } from './mesh-logs';

/** What is shown of the past. Milliseconds. */
const WINDOW = 15 * 60_000;

/** How many decisions of either kind the page gets. */
const MAX_DECISIONS = 200;

export interface MeshTrafficOptions {
  readonly trustDomain: string;
  readonly logs: Pick<CloudWatchLogs, 'filterEvents'>;
  /** Asked until it answers. */
  readonly findLogGroups: (signal: AbortSignal) => Promise<MeshLogGroups>;
  /** Why a client may make a request, or may not. */
  readonly explain: (request: { readonly client: string; readonly method: string; readonly path: string }) => string;
}

interface Windows {
  readonly requests: LogWindow<LoggedRequest | 'unreadable'> | undefined;
  readonly refusals: LogWindow<LoggedRefusal>;
  readonly groups: MeshLogGroups;
}

/**
 * The requests of a mesh by its logs: those that the authorizer lets in are in the access log of the gateway with their client, and
 * those that it refuses are in the log of the authorizer with the reason.
 */
export class MeshTraffic {
  private windows: Windows | undefined;

  constructor(private readonly options: MeshTrafficOptions) {}

  /** @throws OperatorError as `findLogGroups`, and AwsCallError */
  async read(now: Date, signal: AbortSignal): Promise<TrafficView> {
    this.windows ??= this.open(await this.options.findLogGroups(signal));
    const { requests, refusals } = this.windows;
    const at = now.getTime();
    await Promise.all([requests?.update(at, signal), refusals.update(at, signal)]);
    return this.view(this.windows, at);
  }

  private open(groups: MeshLogGroups): Windows {
    const { logs } = this.options;
    const { accessLog, authorizerLog } = groups;
    const parseLine = (event: Parameters<typeof parseRequest>[0]) => parseRequest(event) ?? 'unreadable';
    return {
      groups,
      requests:
        accessLog === undefined
          ? undefined
          : new LogWindow({ logs, logGroup: accessLog, parse: parseLine, length: WINDOW }),
      refusals: new LogWindow({
        logs,
        logGroup: authorizerLog,
        pattern: REFUSAL_PATTERN,
        parse: parseRefusal,
        length: WINDOW,
      }),
    };
  }

  private view(windows: Windows, now: number): TrafficView {
    const lines = windows.requests?.entries ?? [];
    const requests = lines.filter((line) => line !== 'unreadable').sort(latestFirst);
    const refusals = [...windows.refusals.entries].sort(latestFirst);
    const since = now - WINDOW;
    const callerOf = ({ subject = 'unknown' }: LoggedRefusal) => this.clientNameIn(subject) ?? subject;
    return {
      since: new Date(since).toISOString(),
      minutes: minuteCounts(requests, refusals, since, WINDOW / 60_000),
      calls: callCounts(requests, refusals),
      refusals: refusalCounts(refusals, callerOf),
      unidentified: statusCounts(requests.filter(({ clientName, status }) => !clientName && status !== 403)),
      decisions: this.decisions(requests, refusals),
      gaps: gapsOf(windows, now, lines.length - requests.length),
    };
  }

  private decisions(requests: readonly LoggedRequest[], refusals: readonly LoggedRefusal[]): readonly Decision[] {
    const allowed = requests.filter(({ clientName }) => clientName !== undefined).slice(0, MAX_DECISIONS);
    return [
      ...allowed.map(({ id, time, clientName: client = '', method, path, status }) => ({
        id,
        at: new Date(time).toISOString(),
        isAllowed: true,
        clientName: client,
        request: `${method} ${path}`,
        status,
        why: this.options.explain({ client, method, path }),
      })),
      ...refusals.slice(0, MAX_DECISIONS).map(({ id, time, code, reason, missingGrant, subject, serialNumber }) => ({
        id,
        at: new Date(time).toISOString(),
        isAllowed: false,
        clientName: this.clientNameIn(subject),
        subject,
        serialNumber,
        request: missingGrant && `${missingGrant.methods[0]} ${missingGrant.path}`,
        code,
        why: reason,
      })),
    ].sort((one, other) => other.at.localeCompare(one.at));
  }

  private clientNameIn(subject = ''): string | undefined {
    return clientNameFromSpiffeId(subject, this.options.trustDomain);
  }
}

function latestFirst(one: { readonly time: number }, other: { readonly time: number }): number {
  return other.time - one.time;
}

function gapsOf({ requests, refusals, groups }: Windows, now: number, unreadable: number): readonly string[] {
  const { accessLog, otherPaths } = groups;
  return [
    ...(accessLog === undefined ? ['The stage of the API has no access log, so only refusals are known.'] : []),
    ...(otherPaths.length > 0
      ? [
          `Of calls to ${otherPaths.join(', ')}, only refusals are known: the access log of the mesh doesn't have the others.`,
        ]
      : []),
    ...(requests?.isCut(now) || refusals.isCut(now)
      ? ['There are more lines in the logs than the console reads: the numbers are too low.']
      : []),
    ...(unreadable > 0
      ? [`Lines of the access log that can't be read, or can be read in two ways: ${unreadable}.`]
      : []),
  ];
}
