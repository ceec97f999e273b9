import type { Account } from '../../account';
import { type AwsApi, type AwsCall, AwsError } from '../../endpoint/api';
import { restJsonAnswer, restJsonError } from '../../endpoint/rest-json';
import type { Configuration, Domain } from './state';

/**
 * The only operation of API Gateway that a mesh calls: GetDomainName.
 * https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/domainnames-domainname.html
 */
export function domainNameApi(account: Account, configuration: Configuration): AwsApi {
  function getDomainName(call: AwsCall): object {
    const name = domainNameIn(call);
    if (name === undefined) {
      throw new AwsError(
        'UnknownOperationException',
        `the sandbox does not support ${operationOf(call)} of API Gateway`,
      );
    }
    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagementv2.html
    call.authorize('apigateway:GET', `arn:${account.partition}:apigateway:${account.region}::/domainnames/${name}`);
    return documentOf(configuration.domain(name));
  }

  return {
    signingName: 'apigateway',
    describe(call) {
      const name = domainNameIn(call);
      return { operation: operationOf(call), input: name === undefined ? {} : { DomainName: name } };
    },
    async handle(call) {
      try {
        return restJsonAnswer(getDomainName(call));
      } catch (error) {
        return restJsonError(error);
      }
    },
  };
}

type Request = Pick<AwsCall, 'method' | 'path'>;

function operationOf(request: Request): string {
  return domainNameIn(request) === undefined ? `${request.method} ${request.path}` : 'GetDomainName';
}

function domainNameIn({ method, path }: Request): string | undefined {
  const [, name] = /^\/v2\/domainnames\/([a-z0-9.-]+)$/.exec(path) ?? [];
  return method === 'GET' ? name : undefined;
}

function documentOf({ name, settings, status }: Domain): object {
  const { certificateArn, truststore } = settings;
  return {
    domainName: name,
    domainNameConfigurations: [
      { certificateArn, domainNameStatus: status, endpointType: 'REGIONAL', securityPolicy: 'TLS_1_2' },
    ],
    ...(truststore && {
      mutualTlsAuthentication: { truststoreUri: truststore.uri, truststoreVersion: truststore.version },
    }),
  };
}
