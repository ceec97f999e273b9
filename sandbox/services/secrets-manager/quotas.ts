import { RequestQuota, type RequestQuotas } from '../../endpoint/request-quota';

const PER_SECOND = 50;

/** Operations that count together. */
const COMBINED = [
  ['PutSecretValue', 'UpdateSecretVersionStage'],
  ['CancelRotateSecret', 'RotateSecret'],
  ['GetResourcePolicy'],
  ['TagResource'],
];

/**
 * What changes secrets; reading them is limited to thousands a second, which no mesh reaches here.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
 */
export function secretsManagerQuotas(now: () => Date): RequestQuotas {
  return Object.fromEntries(
    COMBINED.flatMap((operations) => {
      const quota = new RequestQuota(PER_SECOND, now);
      return operations.map((name) => [name, quota]);
    }),
  );
}
