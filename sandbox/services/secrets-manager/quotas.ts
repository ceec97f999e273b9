import { RequestQuota, type RequestQuotas } from '../../endpoint/request-quota';

const PER_SECOND = 50;

/** Operations that share a quota. */
const COMBINED = [
  ['PutSecretValue', 'UpdateSecretVersionStage'],
  ['CancelRotateSecret', 'RotateSecret'],
  ['GetResourcePolicy'],
  ['TagResource'],
];

/**
 * The quotas of operations that change secrets. Thousands of reads per second are allowed, which no mesh in the sandbox
 * reaches. https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
 */
export function secretsManagerQuotas(now: () => Date): RequestQuotas {
  return Object.fromEntries(
    COMBINED.flatMap((operations) => {
      const quota = new RequestQuota(PER_SECOND, now);
      return operations.map((name) => [name, quota]);
    }),
  );
}
