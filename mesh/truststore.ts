/** What API Gateway accepts in a truststore, as far as synthesis can check it too. */
export { subjectKey } from '../pki/certificate-fields';

/**
 * Bytes. API Gateway accepts files below 1,000 KB, as measured by the authors of the AWS sample below. AWS documents no limit.
 * https://github.com/aws-samples/serverless-samples/tree/main/apigw-mtls-multi-tenant
 */
export const LARGEST_TRUSTSTORE = 999_999;
