import type { DomainNameState, DomainNames } from '../lambda/truststore-publisher/domain-names';
import type { Patience } from './retry';
import { documentIn, type JsonDocument, parseDocument, textIn } from './json-service';
import { type ResponseReader, SignedService } from './signed-caller';

/**
 * About thirteen seconds of pauses: CloudFormation, which makes the routes of the same deployment, uses up the few calls a
 * second that an account has. https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
 */
const PATIENCE: Patience = { attempts: 12, milliseconds: 2_000 };

/**
 * API Gateway, which speaks REST JSON.
 * https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/domainnames-domainname.html
 */
export class ApiGateway implements DomainNames {
  private readonly service: SignedService;

  constructor(environment: NodeJS.ProcessEnv) {
    this.service = new SignedService({ name: 'apigateway', endpointVariable: 'APIGATEWAYV2' }, PATIENCE, environment);
  }

  describe(domainName: string, signal: AbortSignal): Promise<DomainNameState> {
    const request = { method: 'GET', path: `/v2/domainnames/${encodeURIComponent(domainName)}` } as const;
    return this.service.call('GetDomainName', request, STATE, signal);
  }
}

const STATE: ResponseReader<DomainNameState> = {
  answerOf({ text }) {
    const document = parseDocument(text);
    return document && stateIn(document);
  },
  errorOf({ headers, text }) {
    // The error's name stands before a colon and where it is described.
    const code = headers.get('x-amzn-errortype')?.split(':')[0];
    return { code: code || undefined, message: textIn(parseDocument(text)?.['message']) };
  },
};

function stateIn(document: JsonDocument): DomainNameState | undefined {
  const { domainNameConfigurations, mutualTlsAuthentication } = document;
  const configuration = Array.isArray(domainNameConfigurations) ? documentIn(domainNameConfigurations[0]) : undefined;
  const status = textIn(configuration?.['domainNameStatus']);
  if (status === undefined) return undefined;
  const { truststoreVersion, truststoreWarnings } = documentIn(mutualTlsAuthentication) ?? {};
  return {
    status,
    statusMessage: textIn(configuration?.['domainNameStatusMessage']),
    truststoreVersion: textIn(truststoreVersion),
    truststoreWarnings: Array.isArray(truststoreWarnings) ? truststoreWarnings.map(String) : [],
  };
}
