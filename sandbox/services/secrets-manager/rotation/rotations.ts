import { createHash, randomUUID } from 'node:crypto';
import type { Appointment, Clock } from '../../../clock';
import { AwsError } from '../../../endpoint/api';
import type { Secret } from '../secret';
import type { RotationRunner } from './rotation';
import type { RotationConfiguration, RotationRules, RotationWindow } from './rules';

interface Plan {
  /** The next scheduled rotation, and when it was scheduled. */
  scheduled?: Appointment;
  scheduledAt: Date;
  /** The next attempt of a failed rotation. */
  attempt?: Appointment;
  /** Whether an attempt or a test is running. */
  isRunning: boolean;
}

const MINUTE = 60_000;

/**
 * The pauses between failed attempts. AWS documents that it repeats the process "multiple times", but neither how often
 * nor when. After these attempts, the rotation continues on request or at its next scheduled time.
 */
const PAUSES = [MINUTE, 5 * MINUTE, 15 * MINUTE];

const INCOMPLETE = "A previous rotation isn't complete. That rotation will be reattempted.";

/**
 * Rotates secrets on request and on schedule. A failed rotation leaves its pending version. No other rotation starts
 * until it succeeds. https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
 */
export class Rotations {
  private readonly plans = new WeakMap<Secret, Plan>();

  constructor(
    private readonly clock: Clock,
    private readonly runner: RotationRunner,
  ) {}

  /** @throws AwsError `AccessDeniedException` unless Secrets Manager may invoke the function */
  configure(secret: Secret, functionArn: string, rules: RotationRules | undefined): void {
    this.runner.assertMayInvoke(functionArn, secret);
    secret.rotation = { functionArn, rules, isEnabled: true, lastRotatedDate: secret.rotation?.lastRotatedDate };
    this.schedule(secret, this.clock.now());
  }

  /**
   * Starts a rotation without waiting for it. The same token identifies the same rotation.
   * @throws AwsError `InvalidRequestException` if the secret has no rotation function, or a rotation is incomplete
   */
  begin(secret: Secret, token: string): void {
    const { functionArn } = this.enabled(secret);
    this.runner.assertMayInvoke(functionArn, secret);
    if (secret.versions.some(({ id }) => id === token)) return;
    this.assertComplete(secret);
    this.announce(secret, token);
    this.clock.background(() => this.attempt(secret, token));
  }

  /** Tests the rotation function without a rotation and without waiting for it. Throws the same errors as `begin`. */
  test(secret: Secret): void {
    const { functionArn } = this.enabled(secret);
    this.assertComplete(secret);
    const plan = this.plan(secret);
    plan.isRunning = true;
    this.clock.background(async () => {
      await this.runner.test(secret, functionArn, this.clock.now()).finally(() => {
        plan.isRunning = false;
      });
    });
  }

  /** Cancels scheduled rotations and the current rotation, whose pending version remains. */
  cancel(secret: Secret): void {
    const plan = this.plan(secret);
    plan.scheduled?.cancel();
    plan.attempt?.cancel();
    if (secret.rotation) {
      secret.rotation.isEnabled = false;
      secret.rotation.nextRotationDate = undefined;
    }
  }

  private enabled(secret: Secret): RotationConfiguration {
    const rotation = liveRotation(secret);
    if (rotation) return rotation;
    throw new AwsError('InvalidRequestException', 'No Lambda rotation function ARN is associated with this secret.');
  }

  /** @throws AwsError if it is incomplete; the incomplete rotation then continues immediately */
  private assertComplete(secret: Secret): void {
    const pending = incompleteVersion(secret);
    const { isRunning } = this.plan(secret);
    if (pending !== undefined && !isRunning) this.clock.background(() => this.attempt(secret, pending));
    if (pending !== undefined || isRunning) throw new AwsError('InvalidRequestException', INCOMPLETE);
  }

  private async attempt(secret: Secret, token: string, failures = 0): Promise<void> {
    const plan = this.plan(secret);
    const rotation = liveRotation(secret);
    if (plan.isRunning || rotation === undefined) return;
    plan.attempt?.cancel();
    plan.isRunning = true;
    const isCancelled = () => liveRotation(secret) === undefined;
    const isRotated = await this.runner.rotate(secret, rotation.functionArn, token, isCancelled).finally(() => {
      plan.isRunning = false;
    });
    if (isRotated) rotation.lastRotatedDate = this.clock.now();
    if (isCancelled()) return;
    if (isRotated) this.schedule(secret, this.clock.now());
    else this.tryAgain(secret, token, failures);
  }

  private tryAgain(secret: Secret, token: string, failures: number): void {
    const pause = PAUSES[failures];
    if (pause === undefined) {
      this.schedule(secret, this.clock.now());
      return;
    }
    const time = new Date(this.clock.now().getTime() + pause);
    this.plan(secret).attempt = this.clock.at(time, () => this.attempt(secret, token, failures + 1));
  }

  /**
   * Schedules a rotation in the next window. Each secret has its own time in the window, so they don't all rotate at
   * once.
   */
  private schedule(secret: Secret, after: Date): void {
    const plan = this.plan(secret);
    plan.scheduled?.cancel();
    const rotation = liveRotation(secret);
    const window = rotation?.rules?.nextWindow(after);
    if (!rotation || !window) return;
    rotation.nextRotationDate = window.closes;
    plan.scheduledAt = this.clock.now();
    plan.scheduled = this.clock.at(momentIn(window, secret.details.name), () => this.due(secret));
  }

  private async due(secret: Secret): Promise<void> {
    const plan = this.plan(secret);
    if (plan.isRunning) {
      plan.scheduled = this.clock.at(new Date(this.clock.now().getTime() + MINUTE), () => this.due(secret));
      return;
    }
    const { createdDate } = secret.versionWithStage('AWSCURRENT') ?? {};
    if (liveRotation(secret)?.rules?.isRelative && createdDate && createdDate > plan.scheduledAt) {
      this.schedule(secret, createdDate);
      return;
    }
    await this.attempt(secret, incompleteVersion(secret) ?? this.announce(secret, randomUUID()));
  }

  private announce(secret: Secret, token: string): string {
    secret.announce(token, this.clock.now());
    return token;
  }

  private plan(secret: Secret): Plan {
    const plan = this.plans.get(secret) ?? { isRunning: false, scheduledAt: this.clock.now() };
    this.plans.set(secret, plan);
    return plan;
  }
}

/** Undefined if the secret is deleted or isn't rotated. */
function liveRotation({ rotation, deletionDate }: Secret): RotationConfiguration | undefined {
  return rotation?.isEnabled && deletionDate === undefined ? rotation : undefined;
}

/** The ID of the version of an incomplete rotation. */
function incompleteVersion(secret: Secret): string | undefined {
  const pending = secret.versionWithStage('AWSPENDING');
  return pending?.stages.has('AWSCURRENT') ? undefined : pending?.id;
}

function momentIn({ opens, closes }: RotationWindow, name: string): Date {
  const fraction = createHash('sha256').update(name).digest().readUInt32BE() / 2 ** 32;
  return new Date(opens.getTime() + fraction * (closes.getTime() - opens.getTime()));
}
