import type { Account } from '../../account';
import type { ResourceType } from '../../cloudformation/resource-type';
import type { AwsApi, AwsCall } from '../../endpoint/api';
import { jsonApi } from '../../endpoint/json-protocol';
import type { IamService } from '../iam';
import type { Service, Surroundings } from '../shared/service';
import { authorizationOn, contextKeys, type EncryptionContext } from './authorization';
import { cryptographicOperations } from './cryptographic-operations';
import { managementOperations } from './management-operations';
import { CryptographicQuotas, kmsQuotas } from './quotas';
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
  private readonly authorize: ReturnType<typeof authorizationOn>;
  private readonly quotas: CryptographicQuotas;

  /** @param iam authorizes the operator, who deploys the keys of templates */
  constructor({ account, clock }: Surroundings, iam: Pick<IamService, 'authorize' | 'operator'>) {
    const now = () => clock.now();
    const keys = new Keys(account, clock);
    const authorize = authorizationOn(keys, account);
    const quotas = new CryptographicQuotas(now);
    const deployer: Pick<AwsCall, 'authorize'> = {
      authorize: (...authorization) => iam.authorize(iam.operator, ...authorization),
    };
    this.account = account;
    this.keys = keys;
    this.authorize = authorize;
    this.quotas = quotas;
    this.resourceTypes = {
      'AWS::KMS::Key': keyType(keys, account, deployer),
      'AWS::KMS::Alias': aliasType(keys),
    };
    this.api = jsonApi({
      signingName: 'kms',
      targetPrefix: 'TrentService',
      version: '1.1',
      operations: {
        ...cryptographicOperations({ keys, authorize, quotas }),
        ...managementOperations({ keys, authorize, account }),
      },
      quotas: kmsQuotas(now),
    });
  }

  /**
   * Checks that the caller may use a key through another service, and that the key can be used.
   * @param keyId undefined for a key of the service itself, which everyone in the account may use through it
   * @throws AccessDenied, or AwsError if the key is disabled or pending deletion
   */
  authorizeUse(
    call: Pick<AwsCall, 'authorize'>,
    keyId: string | undefined,
    { service, actions, context }: KeyUse,
  ): void {
    if (keyId === undefined || /(^|:)alias\/aws\//.test(keyId)) return;
    const conditionKeys = {
      ...contextKeys(context),
      'kms:EncryptionAlgorithm': 'SYMMETRIC_DEFAULT',
      'kms:ViaService': `${service}.${this.account.region}.amazonaws.com`,
    };
    for (const action of actions) {
      this.quotas.take(this.keys.find(keyId));
      this.authorize(call, action, keyId, conditionKeys);
    }
    if (this.keys.find(keyId) !== undefined) this.keys.getUsable(keyId);
  }
}
