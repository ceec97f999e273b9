/** How a domain name stands, as API Gateway tells it. */
export interface DomainNameState {
  /**
   * `AVAILABLE`, `UPDATING`, `PENDING_CERTIFICATE_REIMPORT` or `PENDING_OWNERSHIP_VERIFICATION`.
   * https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/domainnames-domainname.html
   */
  readonly status: string;
  /** What API Gateway says about the status, if anything. */
  readonly statusMessage: string | undefined;
  /** Undefined for a domain without mutual TLS, or one whose truststore is named without a version. */
  readonly truststoreVersion: string | undefined;
  /** Why some clients of the truststore may be refused. */
  readonly truststoreWarnings: readonly string[];
}

/** Custom domain names of API Gateway. */
export interface DomainNames {
  describe(domainName: string, signal: AbortSignal): Promise<DomainNameState>;
}
