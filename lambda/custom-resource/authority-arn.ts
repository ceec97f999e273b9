/** The rule that a property breaks as the ARN of a certificate authority, or undefined. */
export function brokenAuthorityArnRule(arn: string): string | undefined {
  return /^arn:aws[a-z-]*:acm-pca:[a-z0-9-]+:\d{12}:certificate-authority\/[0-9a-f-]{36}$/.test(arn)
    ? undefined
    : 'must be the ARN of an ACM PCA certificate authority';
}
