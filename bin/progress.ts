import type { StackEvent } from 'cdk-mtls-service-mesh/sandbox';
import ora, { type Ora } from 'ora';

const STACK = 'AWS::CloudFormation::Stack';

/**
 * Shows a deployment as it goes: one living line on a terminal, a line a finished resource everywhere else.
 * It writes to standard error, so that standard output holds results alone.
 */
export class DeploymentProgress {
  private readonly line: Ora | undefined;
  private readonly startedAt = performance.now();
  private finished = 0;

  constructor() {
    if (process.stderr.isTTY) this.line = ora({ text: 'deploying …', discardStdin: false }).start();
  }

  readonly onEvent = ({ status, resourceType, constructPath, logicalId, reason }: StackEvent): void => {
    if (status.endsWith('_COMPLETE') && resourceType !== STACK) this.finished += 1;
    const text = [status.padEnd(18), resourceType, constructPath ?? logicalId, reason ?? ''].join('  ').trimEnd();
    if (this.line !== undefined) this.line.text = `${this.finished} done  ${text}`;
    else if (/_(COMPLETE|FAILED)$/.test(status)) process.stderr.write(`  ${text}\n`);
  };

  succeed(): void {
    const seconds = ((performance.now() - this.startedAt) / 1000).toFixed(1);
    const text = `${this.finished} resources in ${seconds} s`;
    if (this.line === undefined) process.stderr.write(`✔ ${text}\n`);
    else this.line.succeed(text);
  }

  fail(): void {
    this.line?.fail();
  }
}
