import { RequestQuota, type RequestQuotas } from '../../endpoint/request-quota';

/**
 * The default throughput of an account and Region, in requests per second. All operations that read share it.
 * https://docs.aws.amazon.com/general/latest/gr/ssm.html#limits_ssm
 */
const READS_PER_SECOND = 40;

export function ssmQuotas(now: () => Date): RequestQuotas {
  const reads = new RequestQuota(READS_PER_SECOND, now);
  return { GetParameter: reads, GetParameters: reads, GetParametersByPath: reads };
}
