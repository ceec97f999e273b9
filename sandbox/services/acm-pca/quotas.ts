import { RequestQuota, type RequestQuotas } from '../../endpoint/request-quota';

/**
 * The default quotas of an account and Region, in requests per second.
 * https://docs.aws.amazon.com/general/latest/gr/pca.html#limits_pca
 */
const PER_SECOND = {
  DescribeCertificateAuthority: 20,
  GetCertificate: 75,
  GetCertificateAuthorityCertificate: 20,
  GetCertificateAuthorityCsr: 10,
  IssueCertificate: 25,
  ListCertificateAuthorities: 20,
  ListTags: 20,
  RevokeCertificate: 20,
};

export function acmPcaQuotas(now: () => Date): RequestQuotas {
  return Object.fromEntries(Object.entries(PER_SECOND).map(([name, rate]) => [name, new RequestQuota(rate, now)]));
}
