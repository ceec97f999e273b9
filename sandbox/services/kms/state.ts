import { randomUUID } from 'node:crypto';
import { type Account, regionalArn } from '../../account';
import type { Clock } from '../../clock';
import { AwsError } from '../../endpoint/api';
import { Key, type KeyIdentity, type KeySettings } from './key';

/** The keys of the account, and their aliases. */
export class Keys {
  private readonly byId = new Map<string, Key>();
  /** The ARN of a key by the name of the alias, which starts with `alias/`. */
  private readonly byAlias = new Map<string, Key>();

  constructor(
    private readonly account: Account,
    private readonly clock: Clock,
  ) {}

  get all(): readonly Key[] {
    return [...this.byId.values()];
  }

  get aliases(): ReadonlyMap<string, Key> {
    return this.byAlias;
  }

  create(identity: Pick<KeyIdentity, 'spec' | 'usage'>, settings: KeySettings): Key {
    const id = randomUUID();
    const key = new Key({ ...identity, id, arn: this.keyArn(id), createdAt: this.clock.now() }, settings);
    this.byId.set(id, key);
    return key;
  }

  /** The key of an ID, an ARN, or an alias. Undefined if the sandbox doesn't have it. */
  find(keyId: string): Key | undefined {
    const local = keyId.replace(/^arn:[^:]+:kms:[^:]*:\d+:/, '');
    if (local.startsWith('alias/')) return this.byAlias.get(local);
    return this.byId.get(local.replace(/^key\//, ''));
  }

  /** @throws AwsError `NotFoundException` */
  get(keyId: string): Key {
    const key = this.find(keyId);
    if (key === undefined) throw new AwsError('NotFoundException', `Key '${this.arnOf(keyId)}' does not exist`);
    return key;
  }

  /** The key, if it can be used. @throws AwsError if it doesn't exist or is disabled or pending deletion */
  getUsable(keyId: string): Key {
    const key = this.get(keyId);
    if (key.state === 'Disabled') throw new AwsError('DisabledException', `${key.identity.arn} is disabled.`);
    if (key.state !== 'Enabled') {
      throw new AwsError('KMSInvalidStateException', `${key.identity.arn} is pending deletion.`);
    }
    return key;
  }

  setAlias(name: string, keyId: string): void {
    this.byAlias.set(name, this.get(keyId));
  }

  deleteAlias(name: string): void {
    this.byAlias.delete(name);
  }

  /** The ARN of a key that may not exist, for the policies of callers. */
  arnOf(keyId: string): string {
    if (keyId.startsWith('arn:')) return keyId;
    return keyId.startsWith('alias/') ? regionalArn(this.account, 'kms', keyId) : this.keyArn(keyId);
  }

  private keyArn(id: string): string {
    return regionalArn(this.account, 'kms', `key/${id}`);
  }
}
