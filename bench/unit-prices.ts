import { ACM_PCA_PRICES, KMS_PRICES, SECRET_PRICE } from '../lib/private/monthly-price';

/** A price of AWS in us-east-1, as its page had it in November 2026. */
export interface UnitPrice {
  /** Dollars for one. */
  readonly dollars: number;
  /** As the page states it. */
  readonly quote: string;
  readonly source: string;
}

export const UNIT_PRICES = {
  secret: {
    dollars: SECRET_PRICE,
    quote: '$0.40 a month for a secret',
    source: 'https://aws.amazon.com/secrets-manager/pricing/',
  },
  secretCall: {
    dollars: 0.05 / 10_000,
    quote: '$0.05 for 10,000 calls of Secrets Manager',
    source: 'https://aws.amazon.com/secrets-manager/pricing/',
  },
  readUnit: {
    dollars: 0.125e-6,
    quote: '$0.125 for a million read request units of DynamoDB',
    source: 'https://aws.amazon.com/dynamodb/pricing/on-demand/',
  },
  writeUnit: {
    dollars: 0.625e-6,
    quote: '$0.625 for a million write request units of DynamoDB',
    source: 'https://aws.amazon.com/dynamodb/pricing/on-demand/',
  },
  event: {
    dollars: 1e-6,
    quote: '$1.00 for a million events of EventBridge',
    source: 'https://aws.amazon.com/eventbridge/pricing/',
  },
  invocation: {
    dollars: 0.2e-6,
    quote: '$0.20 for a million invocations of Lambda',
    source: 'https://aws.amazon.com/lambda/pricing/',
  },
  gigabyteSecond: {
    dollars: 13.3334e-6,
    quote: '$0.0000133334 for a gigabyte-second of Lambda on Arm',
    source: 'https://aws.amazon.com/lambda/pricing/',
  },
  logByte: {
    dollars: 0.5 / 2 ** 30,
    quote: '$0.50 for a gigabyte of logs',
    source: 'https://aws.amazon.com/cloudwatch/pricing/',
  },
  alarm: {
    dollars: 0.1,
    quote: '$0.10 a month for an alarm',
    source: 'https://aws.amazon.com/cloudwatch/pricing/',
  },
  metric: {
    dollars: 0.3,
    quote: '$0.30 a month for a custom metric',
    source: 'https://aws.amazon.com/cloudwatch/pricing/',
  },
  httpRequest: {
    dollars: 1e-6,
    quote: '$1.00 for a million requests to an HTTP API',
    source: 'https://aws.amazon.com/api-gateway/pricing/',
  },
} as const satisfies Readonly<Record<string, UnitPrice>>;

/** What an authority costs. */
export interface AuthorityPrice {
  readonly name: string;
  readonly monthly: UnitPrice;
  readonly certificate: UnitPrice;
  /** Whether the mesh publishes its revocation lists, with a metric and an alarm of their own. */
  readonly hasRevocationLists: boolean;
}

const [ACM_PCA_PAGE, KMS_PAGE] = ['https://aws.amazon.com/private-ca/pricing/', 'https://aws.amazon.com/kms/pricing/'];

/** The authorities that the page compares, one table each. */
export const AUTHORITY_PRICES: readonly AuthorityPrice[] = [
  {
    name: 'ACM PCA, one short-lived root',
    monthly: {
      dollars: ACM_PCA_PRICES.shortLived,
      quote: '$50 a month for a short-lived authority',
      source: ACM_PCA_PAGE,
    },
    certificate: {
      dollars: ACM_PCA_PRICES.shortLivedCertificate,
      quote: '$0.058 for a certificate of a short-lived authority',
      source: ACM_PCA_PAGE,
    },
    hasRevocationLists: false,
  },
  {
    name: 'AWS KMS, one root',
    monthly: { dollars: KMS_PRICES.key, quote: '$1 a month for a key in AWS KMS', source: KMS_PAGE },
    certificate: {
      dollars: KMS_PRICES.signature,
      quote: '$0.15 for 10,000 signatures with an elliptic curve key in AWS KMS',
      source: KMS_PAGE,
    },
    hasRevocationLists: true,
  },
];
