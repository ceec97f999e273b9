import { type Account, regionalArn } from '../../account';
import type { Clock } from '../../clock';
import { AwsError } from '../../endpoint/api';
import { randomText } from '../shared/random-text';
import type { Tag } from '../shared/tags';
import { Secret } from './secret';

const DAY = 24 * 60 * 60 * 1000;

export interface NewSecret {
  readonly name: string;
  /** @default - made from the name */
  readonly arn?: string | undefined;
  readonly description?: string | undefined;
  readonly kmsKeyId?: string | undefined;
  readonly tags?: readonly Tag[] | undefined;
}

/** The secrets of the account. */
export class Secrets {
  private readonly byName = new Map<string, Secret>();

  constructor(
    private readonly account: Account,
    private readonly clock: Clock,
  ) {}

  /** All secrets, including those in their recovery window, oldest first. */
  all(): readonly Secret[] {
    return [...this.byName.values()].filter((secret) => !this.isGone(secret));
  }

  /**
   * Creates a secret without a version.
   * @throws AwsError `ResourceExistsException` if the name is taken, `InvalidRequestException` if a deleted secret with
   * that name can still be restored
   */
  create({ name, arn: given, description, kmsKeyId, tags = [] }: NewSecret): Secret {
    if (!/^[A-Za-z0-9/_+=.@-]+$/.test(name)) {
      const reason =
        'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@';
      throw new AwsError('ValidationException', reason);
    }
    const namesake = this.named(name);
    if (namesake?.deletionDate) {
      const reason = "You can't create this secret because a secret with this name is already scheduled for deletion.";
      throw new AwsError('InvalidRequestException', reason);
    }
    if (namesake) {
      throw new AwsError('ResourceExistsException', `The operation failed because the secret ${name} already exists.`);
    }
    const arn = given ?? `${this.arnWithoutSuffix(name)}-${randomText(6)}`;
    const secret = new Secret({ name, arn, createdDate: this.clock.now(), description, kmsKeyId, tags });
    this.byName.delete(name);
    this.byName.set(name, secret);
    return secret;
  }

  /**
   * Finds a secret by ARN, by ARN without the hyphen and six random characters, or by name.
   * https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen
   */
  find(secretId: string): Secret | undefined {
    const prefix = this.arnWithoutSuffix('');
    if (!secretId.startsWith(prefix)) {
      // One of another account or Region is only here if it was provided.
      const isForeign = secretId.startsWith('arn:');
      return isForeign ? this.all().find(({ details }) => details.arn === secretId) : this.named(secretId);
    }
    const tail = secretId.slice(prefix.length);
    const exact = this.named(tail.slice(0, -'-xxxxxx'.length));
    return exact?.details.arn === secretId ? exact : this.named(tail);
  }

  /** @throws AwsError `ResourceNotFoundException` */
  get(secretId: string): Secret {
    const secret = this.find(secretId);
    if (secret) return secret;
    throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
  }

  /** Like `get`, but rejects a secret in its recovery window. @throws AwsError `InvalidRequestException` */
  getLiving(secretId: string): Secret {
    const secret = this.get(secretId);
    if (!secret.deletionDate) return secret;
    const reason = "You can't perform this operation on the secret because it was marked for deletion.";
    throw new AwsError('InvalidRequestException', reason);
  }

  scheduleDeletion(secret: Secret, recoveryWindowInDays: number): Date {
    secret.deletionDate = new Date(this.clock.now().getTime() + recoveryWindowInDays * DAY);
    return secret.deletionDate;
  }

  deleteWithoutRecovery(secret: Secret): void {
    secret.deletionDate = this.clock.now();
    this.byName.delete(secret.details.name);
  }

  /** The ARN of a secret without its random suffix, which is also the resource of a nonexistent secret in policies. */
  arnWithoutSuffix(name: string): string {
    return regionalArn(this.account, 'secretsmanager', `secret:${name}`);
  }

  private named(name: string): Secret | undefined {
    const secret = this.byName.get(name);
    return secret && !this.isGone(secret) ? secret : undefined;
  }

  private isGone({ deletionDate }: Secret): boolean {
    return deletionDate !== undefined && deletionDate <= this.clock.now();
  }
}
