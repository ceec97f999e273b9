import { ACMPCAClient } from '@aws-sdk/client-acm-pca';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { AcmPca } from '../../aws/acm-pca';
import { LoggedMetrics, logLine } from '../../aws/cloudwatch';
import { functionConnection } from '../../aws/connection';
import { EventBridge } from '../../aws/eventbridge';
import { failureSentence } from '../../aws/failure';
import { GatewayDomain } from '../../aws/gateway-domain';
import { ObjectReader } from '../../aws/s3';
import { FUNCTION_SDK_SETTINGS } from '../../aws/sdk';
import { SecretsManager } from '../../aws/secrets-manager';
import { EXTERNAL_CLIENT_RESOURCE_TYPE } from '../../mesh/contract';
import { Registry } from '../../registry/registry';
import { handleCustomResource } from '../custom-resource/custom-resource';
import { withDeadline } from '../deadline';
import { gatewayIn, registryTableIn, trustDomainIn } from '../environment';
import { createIssuer } from './issuer';
import { answerCertificateRequest } from './request/http';
import { RotationError, readRotationRequest } from './rotate/rotation';

/** The event is of an unknown type. */
class UnknownEventError extends Error {
  override readonly name = 'UnknownEventError';
}

/** The part of the function's time that is reserved for reporting a failure. Milliseconds. */
const REPORT_TIME = 6_000;

const now = () => new Date();
const log = logLine;
const trustDomain = trustDomainIn(process.env);
const gateway = gatewayIn(process.env);
const connection = functionConnection(process.env);
const issuer = createIssuer({
  trustDomain,
  registry: new Registry(registryTableIn(process.env), connection),
  authority: new AcmPca(new ACMPCAClient(FUNCTION_SDK_SETTINGS)),
  secrets: new SecretsManager(new SecretsManagerClient(FUNCTION_SDK_SETTINGS)),
  objects: new ObjectReader({ connection }),
  events: new EventBridge(connection),
  metrics: new LoggedMetrics({ trustDomain, now, log }),
  gateway: gateway && { truststore: gateway.truststore, domain: new GatewayDomain(gateway.domainName) },
  now,
  log,
});

export const handler = async (
  event: unknown,
  context: Context,
): Promise<APIGatewayProxyStructuredResultV2 | undefined> => {
  if (typeof event === 'object' && event !== null) {
    // Lambda writes `requestContext` for requests to the URL. Callers only influence its values.
    if ('requestContext' in event) return answerRequest(event, context);
    if ('RequestType' in event) return void (await applyResource(event, context));
    if ('Step' in event) return void (await rotate(event, context));
    if (isSchedule(event)) return void (await maintain(context));
  }
  throw new UnknownEventError('the event is not from CloudFormation, Secrets Manager, the function URL, or a schedule');
};

function answerRequest(event: object, context: Context): Promise<APIGatewayProxyStructuredResultV2> {
  return answerCertificateRequest(
    event,
    (request) => withDeadline(timeForWork(context), (signal) => issuer.requestedCertificates.issue(request, signal)),
    log,
  );
}

function applyResource(event: object, context: Context): Promise<void> {
  const isExternal = 'ResourceType' in event && event.ResourceType === EXTERNAL_CLIENT_RESOURCE_TYPE;
  const resource = isExternal ? issuer.externalClientResource : issuer.clientCertificateResource;
  return handleCustomResource(resource, event, context, log);
}

async function rotate(event: object, context: Context): Promise<void> {
  const request = readRotationRequest(event);
  try {
    await withDeadline(timeForWork(context), (signal) => issuer.rotation.run(request, signal));
  } catch (error) {
    await issuer.rotation.reportFailure(request.secretId, error);
    // Lambda logs a thrown error with all its properties.
    throw new RotationError(failureSentence(error));
  }
}

function maintain(context: Context): Promise<void> {
  return withDeadline(timeForWork(context), (signal) => issuer.maintenance.run(signal));
}

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html */
function isSchedule(event: object): boolean {
  return 'source' in event && event.source === 'aws.events';
}

function timeForWork(context: Context): number {
  return Math.max(context.getRemainingTimeInMillis() - REPORT_TIME, 0);
}
