import type { AwsConnection } from './connection';
import { asJsonObject, asText, type JsonObject, parseJsonObject } from './json-caller';
import type { RetryPolicy } from './retry';
import { type ResponseReader, SignedCaller } from './signed-caller';

/** A custom domain name of API Gateway. */
export interface DomainNameState {
  /**
   * `AVAILABLE`, `UPDATING`, `PENDING_CERTIFICATE_REIMPORT` or `PENDING_OWNERSHIP_VERIFICATION`.
   * https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/domainnames-domainname.html
   */
  readonly status: string;
  readonly statusMessage: string | undefined;
  /** `s3://<bucket>/<key>`. Undefined for a domain without mutual TLS. */
  readonly truststoreUri: string | undefined;
  /** Undefined for a domain without mutual TLS, or with a truststore that has no version. */
  readonly truststoreVersion: string | undefined;
  /** Why API Gateway may refuse some clients. */
  readonly truststoreWarnings: readonly string[];
}

/**
 * About thirteen seconds of delays: CloudFormation creates routes in the same deployment and uses up the account's quota of
 * a few calls a second. https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
 */
const RETRY_POLICY: RetryPolicy = { attempts: 12, timeout: 2_000, backoff: { first: 50, longest: 5_000 } };

export class ApiGateway {
  private readonly caller: SignedCaller;

  constructor(connection: AwsConnection) {
    this.caller = new SignedCaller({
      service: { name: 'apigateway', endpointVariable: 'APIGATEWAYV2' },
      connection,
      retryPolicy: RETRY_POLICY,
    });
  }

  /** @throws AwsCallError */
  domainName(domainName: string, signal: AbortSignal): Promise<DomainNameState> {
    const request = { method: 'GET', path: `/v2/domainnames/${encodeURIComponent(domainName)}` } as const;
    return this.caller.call('GetDomainName', request, DOMAIN_NAME, signal);
  }
}

const DOMAIN_NAME: ResponseReader<DomainNameState> = {
  answerIn({ text }) {
    const document = parseJsonObject(text);
    return document && readState(document);
  },
  errorIn({ headers, text }) {
    // The header holds the error's name, and possibly a colon and the URL of its documentation.
    const code = headers['x-amzn-errortype']?.split(':')[0];
    return { code: code || undefined, message: asText(parseJsonObject(text)?.['message']) };
  },
};

function readState(document: JsonObject): DomainNameState | undefined {
  const { domainNameConfigurations, mutualTlsAuthentication } = document;
  const configuration = Array.isArray(domainNameConfigurations) ? asJsonObject(domainNameConfigurations[0]) : undefined;
  const status = asText(configuration?.['domainNameStatus']);
  if (status === undefined) return undefined;
  const { truststoreUri, truststoreVersion, truststoreWarnings } = asJsonObject(mutualTlsAuthentication) ?? {};
  return {
    status,
    statusMessage: asText(configuration?.['domainNameStatusMessage']),
    truststoreUri: asText(truststoreUri),
    truststoreVersion: asText(truststoreVersion),
    truststoreWarnings: Array.isArray(truststoreWarnings) ? truststoreWarnings.map(String) : [],
  };
}
