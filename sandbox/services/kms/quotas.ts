import { RequestQuota, type RequestQuotas } from '../../endpoint/request-quota';
import type { Key } from './key';

/** https://docs.aws.amazon.com/kms/latest/developerguide/throttling.html */
const MESSAGE = 'You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.';

/**
 * The default quotas of an account and Region, in requests per second.
 * https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html#rps-table
 */
const PER_SECOND = {
  CancelKeyDeletion: 5,
  DescribeKey: 2000,
  DisableKey: 5,
  EnableKey: 5,
  GetKeyPolicy: 1000,
  GetPublicKey: 2000,
  ListAliases: 500,
  ListKeys: 500,
  ListResourceTags: 2000,
  PutKeyPolicy: 15,
  ScheduleKeyDeletion: 15,
};

/** All cryptographic operations with one kind of key share a quota. That of symmetric keys is the one of us-east-1. */
const PER_SECOND_OF_KIND = { symmetric: 100_000, rsa: 1000, ecc: 1000 };

export function kmsQuotas(now: () => Date): RequestQuotas {
  const quotas = Object.entries(PER_SECOND).map(([name, rate]) => [name, new RequestQuota(rate, now, MESSAGE)]);
  return Object.fromEntries(quotas);
}

/** The quotas of the cryptographic operations. */
export class CryptographicQuotas {
  private readonly quotas: Readonly<Record<keyof typeof PER_SECOND_OF_KIND, RequestQuota>>;

  constructor(now: () => Date) {
    const { symmetric, rsa, ecc } = PER_SECOND_OF_KIND;
    this.quotas = {
      symmetric: new RequestQuota(symmetric, now, MESSAGE),
      rsa: new RequestQuota(rsa, now, MESSAGE),
      ecc: new RequestQuota(ecc, now, MESSAGE),
    };
  }

  /**
   * Counts a request with the key. A request with a key that doesn't exist counts for nothing.
   * @throws AwsError `ThrottlingException`
   */
  take(key: Key | undefined): void {
    if (key === undefined) return;
    const { spec } = key.identity;
    const kind = spec.startsWith('RSA') ? 'rsa' : spec.startsWith('ECC') ? 'ecc' : 'symmetric';
    this.quotas[kind].take();
  }
}
