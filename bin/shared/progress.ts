import { clearLine, cursorTo } from 'node:readline';
import type { StackEvent } from 'cdk-mtls-service-mesh/sandbox';
import { errorColors } from './terminal';

const STACK = 'AWS::CloudFormation::Stack';

/**
 * Prints the progress of a deployment to standard error: on a terminal one line that changes, otherwise one line for each
 * finished resource.
 */
export class DeploymentProgress {
  private readonly startedAt = performance.now();
  private finished = 0;

  readonly onEvent = ({ status, resourceType, constructPath, logicalId, reason }: StackEvent): void => {
    if (status.endsWith('_COMPLETE') && resourceType !== STACK) this.finished += 1;
    const text = [status.padEnd(18), resourceType, constructPath ?? logicalId, reason ?? ''].join('  ').trimEnd();
    if (status.endsWith('_FAILED')) this.write(`  ${errorColors.red(text)}\n`);
    else if (process.stderr.isTTY) this.write(clipped(`${this.finished} done  ${text}`));
    else if (status.endsWith('_COMPLETE')) this.write(`  ${text}\n`);
  };

  succeed(): void {
    const seconds = ((performance.now() - this.startedAt) / 1000).toFixed(1);
    this.write(`${errorColors.green('✔')} ${this.finished} resources in ${seconds} s\n`);
  }

  fail(): void {
    this.write('');
  }

  /** Prints whole lines without the line that changes. */
  readonly interject = (lines: string): void => this.write(lines);

  /** Replaces the line that changes. */
  private write(text: string): void {
    if (process.stderr.isTTY) {
      cursorTo(process.stderr, 0);
      clearLine(process.stderr, 0);
    }
    process.stderr.write(text);
  }
}

/** A line that wraps can't be replaced. */
function clipped(text: string): string {
  const { columns } = process.stderr;
  return columns > 0 ? text.slice(0, columns - 1) : text;
}
