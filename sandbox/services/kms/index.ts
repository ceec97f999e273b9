import { type Account, globalArn } from '../../account';
import type { ResourceType } from '../../cloudformation/resource-type';
import type { AwsApi, AwsCall } from '../../endpoint/api';
import { jsonApi } from '../../endpoint/json-protocol';
import type { Service, Surroundings } from '../shared/service';
import { authorizationOn, type EncryptionContext } from './authorization';
import { kmsOperations } from './operations';
import { aliasType } from './resources/alias';
import { keyType } from './resources/key';
import { Keys } from './state';

/** The use of a key by another service, for a caller. */
export interface KeyUse {
  /** The name of the service in `kms:ViaService`, such as `secretsmanager`. */
  readonly service: string;
  readonly actions: readonly ('Decrypt' | 'GenerateDataKey')[];
  readonly context: EncryptionContext;
}

/** AWS Key Management Service: keys with their policies, and aliases. Encryption and signatures are real. */
export class KmsService implements Service {
  readonly resourceTypes: Readonly<Record<string, ResourceType>>;
  readonly api: AwsApi;
  private readonly account: Account;
  private readonly keys: Keys;

  constructor({ account, clock }: Surroundings) {
    this.account = account;
    this.keys = new Keys(account, clock);
    this.resourceTypes = {
      'AWS::KMS::Key': keyType(this.keys, clock, globalArn(account, 'iam', 'root')),
      'AWS::KMS::Alias': aliasType(this.keys),
    };
    this.api = jsonApi({
      signingName: 'kms',
      targetPrefix: 'TrentService',
      version: '1.1',
      operations: kmsOperations(this.keys, account),
    });
  }

  /**
   * Checks that the caller may use a key through another service, and that the key can be used.
   * @param keyId undefined for a key of the service itself, which everyone in the account may use through it
   * @throws AccessDenied, or AwsError if the key is disabled or pending deletion
   */
  authorizeUse(call: AwsCall, keyId: string | undefined, { service, actions, context }: KeyUse): void {
    if (keyId === undefined || /(^|:)alias\/aws\//.test(keyId)) return;
    const authorize = authorizationOn(this.keys, this.account);
    const via = { 'kms:ViaService': `${service}.${this.account.region}.amazonaws.com` };
    for (const action of actions) authorize(call, action, keyId, context, via);
    if (this.keys.find(keyId) !== undefined) this.keys.getUsable(keyId);
  }
}
