import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { MtlsGateway } from '../mtls-gateway';

/** Allows `mtls-mesh console` to read the logs of the gateway and of its authorizer, and to find them. */
export function grantReadTraffic(gateway: MtlsGateway, grantee: iam.IGrantable): void {
  const { accessLog, api, authorizerLog, domainName, handler } = gateway;
  // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagementv2.html
  const configurationOf = (path: string) =>
    Stack.of(gateway).formatArn({ service: 'apigateway', account: '', resource: `/${path}` });
  const grants: readonly [action: string, ...resources: string[]][] = [
    [
      'apigateway:GET',
      configurationOf(`domainnames/${domainName}/apimappings`),
      configurationOf(`apis/${api.apiId}/authorizers`),
      configurationOf(`apis/${api.apiId}/stages`),
    ],
    ['lambda:GetFunctionConfiguration', handler.functionArn],
    ['logs:FilterLogEvents', accessLog.logGroupArn, authorizerLog.logGroupArn],
  ];
  for (const [action, ...resourceArns] of grants) {
    iam.Grant.addToPrincipal({ grantee, actions: [action], resourceArns });
  }
}
