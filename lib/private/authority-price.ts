import { Annotations } from 'aws-cdk-lib';
import type { AcmPcaAuthority, UsageMode } from './acm-pca-authority';

/** US dollars per authority and month. https://aws.amazon.com/private-ca/pricing/ */
const MONTHLY_PRICE: Readonly<Record<UsageMode, number>> = { GENERAL_PURPOSE: 400, SHORT_LIVED_CERTIFICATE: 50 };

const MODE_NAME: Readonly<Record<UsageMode, string>> = {
  GENERAL_PURPOSE: 'general-purpose',
  SHORT_LIVED_CERTIFICATE: 'short-lived',
};

/** Makes synthesis print the monthly price of the authority and the root above it. */
export function announcePrice(authority: AcmPcaAuthority): AcmPcaAuthority {
  const authorities = authority.root ? [authority.root, authority] : [authority];
  const total = authorities.reduce((sum, { usageMode }) => sum + MONTHLY_PRICE[usageMode], 0);
  const parts = authorities.map(
    ({ usageMode, root }) =>
      `$${MONTHLY_PRICE[usageMode]} for a ${MODE_NAME[usageMode]} ${root ? 'subordinate' : 'root'}`,
  );
  Annotations.of(authority).addInfoV2(
    'cdk-mtls-service-mesh:authorityPrice',
    `this certificate authority costs about $${total} a month from creation until deletion (${parts.join(', ')}), ` +
      'and a fee for each certificate: https://aws.amazon.com/private-ca/pricing/',
  );
  return authority;
}
