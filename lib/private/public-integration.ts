import { SecretValue } from 'aws-cdk-lib';
import { MappingValue, type ParameterMapping } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpUrlIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { GATEWAY_SECRET_HEADER } from '../../mesh/contract';
import type { EncryptionOptions } from '../mesh-function-options';
import type { PublicIntegrationOptions } from '../mesh-integration-options';
import { checkOptions } from './properties/check';
import { PUBLIC_INTEGRATION_OPTIONS } from './properties/interface-kinds';
import { checkText } from './validation';

/** The integrations of a public URL, which receives the gateway's secret. */
export function publicIntegrations(
  scope: Construct,
  givenUrl: string,
  identityHeaders: ParameterMapping,
  { encryptionKey, ...options }: PublicIntegrationOptions & EncryptionOptions,
) {
  checkOptions<PublicIntegrationOptions>(scope, 'options', options, PUBLIC_INTEGRATION_OPTIONS);
  checkText(scope, 'url', givenUrl, urlProblem);
  const { gatewaySecretVersion: versionId } = options;
  if (versionId !== undefined) checkText(scope, 'gatewaySecretVersion', versionId, versionProblem);
  const url = givenUrl.replace(/\/$/, '');
  const gatewaySecret = options.gatewaySecret ?? newGatewaySecret(scope, encryptionKey);
  // A dynamic reference, which CloudFormation replaces during the deployment. It may be in any property of a resource:
  // https://docs.aws.amazon.com/secretsmanager/latest/userguide/cfn-example_reference-secret.html
  const reference = SecretValue.secretsManager(gatewaySecret.secretArn, { versionId }).unsafeUnwrap();
  const parameterMapping = identityHeaders.overwriteHeader(GATEWAY_SECRET_HEADER, MappingValue.custom(reference));
  return {
    root: new HttpUrlIntegration('Integration', url, { parameterMapping }),
    below: new HttpUrlIntegration('Integration', `${url}/{proxy}`, { parameterMapping }),
    gatewaySecret,
  };
}

/** One secret a service: with a common one, a backend could call the others as the gateway. */
function newGatewaySecret(scope: Construct, encryptionKey?: kms.IKey): secretsmanager.ISecret {
  return new secretsmanager.Secret(scope, 'GatewaySecret', {
    encryptionKey,
    description: 'Proves that the gateway sent a request',
    generateSecretString: { passwordLength: 64, excludePunctuation: true },
  });
}

function versionProblem(id: string): string | undefined {
  // https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
  return /^[A-Za-z0-9-]{32,64}$/.test(id) ? undefined : 'must be the ID of a version, of 32 to 64 characters';
}

function urlProblem(text: string): string | undefined {
  // API Gateway takes braces for path variables, and the URL parser ignores white space.
  if (/[\s{}]/.test(text)) return 'must contain neither white space nor braces';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:') return 'must be an absolute https URL';
  if (/[?#]/.test(text)) return 'must contain neither a query nor a fragment';
  if (url.username !== '' || url.password !== '') return 'must not contain credentials';
  return undefined;
}
