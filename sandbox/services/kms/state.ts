import { randomUUID } from 'node:crypto';
import { type Account, regionalArn } from '../../account';
import type { Clock } from '../../clock';
import { AwsError } from '../../endpoint/api';
import { Key, type KeyIdentity, type KeySettings } from './key';

const DAY = 24 * 60 * 60 * 1000;

/** The keys of the account, and their aliases. A key whose waiting period is over is gone, with its aliases. */
export class Keys {
  private readonly byId = new Map<string, Key>();
  /** By the name of the alias, which starts with `alias/`. */
  private readonly byAlias = new Map<string, Key>();

  constructor(
    private readonly account: Account,
    private readonly clock: Clock,
  ) {}

  get all(): readonly Key[] {
    return [...this.byId.values()].filter((key) => this.exists(key));
  }

  get aliases(): ReadonlyMap<string, Key> {
    return new Map([...this.byAlias].filter(([, key]) => this.exists(key)));
  }

  /** The key isn't found before `add`. */
  make(identity: Pick<KeyIdentity, 'spec' | 'usage' | 'isMultiRegion'>, settings: KeySettings): Key {
    const uuid = randomUUID();
    // https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
    const id = identity.isMultiRegion ? `mrk-${uuid.replaceAll('-', '')}` : uuid;
    return new Key({ ...identity, id, arn: this.keyArn(id), createdAt: this.clock.now() }, settings);
  }

  add(key: Key): void {
    this.byId.set(key.identity.id, key);
  }

  /** The key of an ID, an ARN, or an alias. Undefined if the sandbox doesn't have it. */
  find(keyId: string): Key | undefined {
    const local = keyId.replace(/^arn:[^:]+:kms:[^:]*:\d+:/, '');
    const key = local.startsWith('alias/') ? this.byAlias.get(local) : this.byId.get(local.replace(/^key\//, ''));
    return key !== undefined && this.exists(key) ? key : undefined;
  }

  /** @throws AwsError `NotFoundException` */
  get(keyId: string): Key {
    const key = this.find(keyId);
    if (key === undefined) {
      const kind = /(^|:)alias\//.test(keyId) ? 'Alias' : 'Key';
      throw new AwsError('NotFoundException', `${kind} '${this.arnOf(keyId)}' does not exist`);
    }
    return key;
  }

  /** The key, if it can be used. @throws AwsError if it doesn't exist or is disabled or pending deletion */
  getUsable(keyId: string): Key {
    const key = this.getKept(keyId);
    if (key.state === 'Disabled') throw new AwsError('DisabledException', `${key.identity.arn} is disabled.`);
    return key;
  }

  /** The key, if nobody deletes it. @throws AwsError if it doesn't exist or is pending deletion */
  getKept(keyId: string): Key {
    const key = this.get(keyId);
    if (key.state === 'PendingDeletion') {
      throw new AwsError('KMSInvalidStateException', `${key.identity.arn} is pending deletion.`);
    }
    return key;
  }

  /** The key is deleted when the waiting period ends. */
  scheduleDeletion(key: Key, days: number): Date {
    key.deletionDate = new Date(this.clock.now().getTime() + days * DAY);
    return key.deletionDate;
  }

  setAlias(name: string, keyId: string): void {
    this.byAlias.set(name, this.getKept(keyId));
  }

  deleteAlias(name: string): void {
    this.byAlias.delete(name);
  }

  /** The names of the aliases of the key. */
  aliasesOf(key: Key): readonly string[] {
    return [...this.byAlias].filter(([, target]) => target === key).map(([name]) => name);
  }

  /** The ARN of a key that may not exist, for the policies of callers. */
  arnOf(keyId: string): string {
    if (keyId.startsWith('arn:')) return keyId;
    return keyId.startsWith('alias/') ? regionalArn(this.account, 'kms', keyId) : this.keyArn(keyId);
  }

  private exists({ deletionDate }: Key): boolean {
    return deletionDate === undefined || deletionDate > this.clock.now();
  }

  private keyArn(id: string): string {
    return regionalArn(this.account, 'kms', `key/${id}`);
  }
}
