import type { Sandbox } from 'cdk-mtls-service-mesh/sandbox';
import { errorColors } from '../shared/terminal';
import { resourcesOf } from './mesh-environment';

/** The lines that are kept of those that belong to no invocation, such as what a function prints while it loads. */
const MAX_LOOSE_LINES = 20;

export interface FunctionLogsOptions {
  /** Whether the lines of all invocations are printed, as they are written. */
  readonly all: boolean;
  /** The name of a log group for a person. */
  nameOf(logGroup: string): string;
  write(text: string): void;
}

interface Invocation {
  readonly lines: string[];
  hasFailed: boolean;
}

/**
 * Prints the logs of functions: those of invocations that fail, or all. An invocation fails if the function throws, ends, or
 * runs into its timeout, if it logs an error, or if it is the authorizer and denies a request.
 */
export class FunctionLogs {
  private muted = false;
  /** By log group and request ID. */
  private readonly invocations = new Map<string, Map<string, Invocation>>();
  /** By log group. */
  private readonly loose = new Map<string, string[]>();

  constructor(private readonly options: FunctionLogsOptions) {}

  readonly onLog = (logGroup: string, line: string): void => {
    if (this.options.all) this.print(logGroup, [line]);
    else this.collect(logGroup, line);
  };

  /** Does work whose requests the services may not expect. */
  async withoutPrinting<T>(work: () => Promise<T>): Promise<T> {
    this.muted = true;
    return work().finally(() => {
      this.muted = false;
    });
  }

  private collect(logGroup: string, line: string): void {
    const invocations = this.invocations.get(logGroup) ?? new Map<string, Invocation>();
    this.invocations.set(logGroup, invocations);
    const { kind, requestId, text, isFailure } = parse(line);
    if (kind === 'START') invocations.set(requestId, { lines: [], hasFailed: false });
    const invocation = invocations.get(requestId);
    if (kind === 'END') {
      invocations.delete(requestId);
      if (invocation?.hasFailed) this.print(logGroup, [...this.takeLoose(logGroup), ...invocation.lines]);
    } else if (kind === 'LINE' && invocation) {
      invocation.lines.push(text);
      invocation.hasFailed ||= isFailure;
    } else if (kind === 'LINE') {
      this.loose.set(logGroup, [...(this.loose.get(logGroup) ?? []), text].slice(-MAX_LOOSE_LINES));
    }
  }

  private takeLoose(logGroup: string): readonly string[] {
    const lines = this.loose.get(logGroup) ?? [];
    this.loose.delete(logGroup);
    return lines;
  }

  private print(logGroup: string, lines: readonly string[]): void {
    if (this.muted) return;
    const prefix = `${errorColors.cyan(`[${this.options.nameOf(logGroup)}]`)} `;
    const text = lines.flatMap((line) => line.split('\n')).map((line) => `${prefix}${printable(line)}\n`);
    this.options.write(text.join(''));
  }
}

/** The construct path of each function by its log group. */
export function logGroupNames(sandbox: Sandbox): ReadonlyMap<string, string> {
  const functions = resourcesOf(sandbox, 'AWS::Lambda::Function').map(({ physicalId, properties, constructPath }) => {
    const { LogGroup } = (properties['LoggingConfig'] ?? {}) as { readonly LogGroup?: string };
    const name = constructPath?.replace(/\/Resource$/, '') ?? physicalId;
    return [LogGroup ?? `/aws/lambda/${physicalId}`, name] as const;
  });
  return new Map(functions);
}

interface ParsedLine {
  readonly kind: 'START' | 'END' | 'REPORT' | 'LINE';
  readonly requestId: string;
  /** For a person. */
  readonly text: string;
  readonly isFailure: boolean;
}

/** Lambda's log format: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html */
function parse(line: string): ParsedLine {
  const [, kind, announced = ''] = /^(START|END|REPORT) RequestId: (\S+)/.exec(line) ?? [];
  if (kind !== undefined) return { kind: kind as 'START', requestId: announced, text: line, isFailure: false };
  const [, failed, json] = /^(\S+)\tERROR\tInvoke Error\t(.*)$/s.exec(line) ?? [];
  if (failed !== undefined) return { kind: 'LINE', requestId: failed, text: failureText(json), isFailure: true };
  const [, requestId = '', level, logged] = /^\S+Z\t(\S+)\t([A-Z]+)\t(.*)$/s.exec(line) ?? [];
  if (logged === undefined) return { kind: 'LINE', requestId, text: line, isFailure: false };
  return { kind: 'LINE', requestId, text: `${level} ${logged}`, isFailure: level === 'ERROR' || isDenial(logged) };
}

/** The authorizer logs the reason of each request that it denies. */
function isDenial(logged: string): boolean {
  return logged.startsWith('{"event":"denied"');
}

/** The stack of an error that Lambda reports in JSON, or the report itself. */
function failureText(report = ''): string {
  try {
    const { errorType, errorMessage, trace } = JSON.parse(report);
    return `ERROR ${trace?.length > 0 ? trace.join('\n') : `${errorType}: ${errorMessage}`}`;
  } catch {
    return `ERROR ${report}`;
  }
}

/** Without control characters that a terminal would interpret: a function may log what a caller has sent. */
function printable(text: string): string {
  return text.replace(/[^\P{Cc}\t]/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
