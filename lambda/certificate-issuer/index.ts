import { scheduler } from 'node:timers/promises';
import { ACMPCAClient } from '@aws-sdk/client-acm-pca';
import type { APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { AcmPca } from '../../aws/acm-pca';
import { LoggedMetrics, logLine } from '../../aws/cloudwatch';
import { functionConnection } from '../../aws/connection';
import { EventBridge } from '../../aws/eventbridge';
import { failureSentence } from '../../aws/failure';
import { GatewayDomain } from '../../aws/gateway-domain';
import { Kms } from '../../aws/kms';
import { ObjectReader } from '../../aws/s3';
import { FUNCTION_SDK_SETTINGS } from '../../aws/sdk';
import { SecretsManager } from '../../aws/secrets-manager';
import { ParameterStore } from '../../aws/ssm';
import { Sts } from '../../aws/sts';
import { withTimeout } from '../../aws/timeout';
import type { RevocationResult } from '../../mesh/contract';
import {
  CLIENT_CERTIFICATE_RESOURCE_TYPE,
  EXTERNAL_CLIENT_RESOURCE_TYPE,
  SERVICE_RESOURCE_TYPE,
} from '../../mesh/custom-resources';
import { Registry } from '../../registry/registry';
import { ResourceRequests } from '../../registry/requests';
import { ServiceRegistry } from '../../registry/services';
import { RegistrySurvey } from '../../registry/survey';
import { otherAccountIn } from '../custom-resource/caller';
import { type CustomResourceHandler, handleCustomResource } from '../custom-resource/custom-resource';
import { resourceOf } from '../custom-resource/request';
import { withDeadline } from '../deadline';
import {
  authoritiesIn,
  gatewayIn,
  otherAccountsIn,
  registryTableIn,
  revocationListAddressIn,
  stacksIn,
  trustDomainIn,
} from '../environment';
import { AuthorityStore } from '../kms-authority/authority-store';
import { createIssuer } from './issuer';
import { answerCertificateRequest } from './request/http';
import { readRevocationOrder } from './revoke/revocation-order';
import { RotationError, readRotationRequest } from './rotate/rotation';
import { secretsOfAccounts } from './secrets-of-accounts';

/** The part of the function's time that is reserved for reporting a failure, or what remains to be done. Milliseconds. */
const REPORT_TIME = 6_000;

const now = () => new Date();
const log = logLine;
const trustDomain = trustDomainIn(process.env);
const gateway = gatewayIn(process.env);
const connection = functionConnection(process.env);
const issuer = createIssuer({
  trustDomain,
  registry: new Registry(registryTableIn(process.env), connection),
  services: new ServiceRegistry(registryTableIn(process.env), connection),
  survey: new RegistrySurvey(registryTableIn(process.env), connection),
  acmPca: new AcmPca(new ACMPCAClient(FUNCTION_SDK_SETTINGS)),
  kms: new Kms(connection),
  authorityStore: new AuthorityStore(new ParameterStore(connection)),
  revocationListAddress: revocationListAddressIn(process.env),
  secrets: new SecretsManager(
    secretsOfAccounts({
      trustDomain,
      otherAccounts: otherAccountsIn(process.env),
      sts: new Sts(connection),
    }),
  ),
  objects: new ObjectReader({ connection }),
  events: new EventBridge(connection),
  metrics: new LoggedMetrics({ trustDomain, now, log }),
  authorities: authoritiesIn(process.env),
  gateway: gateway && { truststore: gateway.truststore, domain: new GatewayDomain(gateway.domainName) },
  // The sandbox lets this time pass at once.
  pause: (milliseconds, signal) => scheduler.wait(milliseconds, { signal }),
  now,
  log,
});

const requests = new ResourceRequests(registryTableIn(process.env), connection);

// Each function of the issuer has one of these handlers, so it serves one kind of event, whatever the event contains.

const RESOURCES: Readonly<Record<string, CustomResourceHandler>> = {
  [CLIENT_CERTIFICATE_RESOURCE_TYPE]: issuer.clientCertificateResource,
  [EXTERNAL_CLIENT_RESOURCE_TYPE]: issuer.externalClientResource,
  [SERVICE_RESOURCE_TYPE]: issuer.serviceResource,
};

/** APIs and trust anchors belong to the account of the mesh, so another account has nothing but clients. */
const REFUSED: CustomResourceHandler = {
  removesOnlyItsOwn: true,
  identify() {
    throw new Error("a stack of another account can declare clients only: add this in the mesh's app");
  },
  apply: async () => ({}),
  remove: async () => undefined,
};

/** Custom resources. CloudFormation calls it with the permissions of whoever deploys a stack. */
export const deployment = (event: unknown, context: Context): Promise<void> => {
  const { ResourceType } = Object(event) as { readonly ResourceType?: unknown };
  const known = Object.entries(RESOURCES).find(([type]) => type === ResourceType)?.[1];
  const resource = known ?? issuer.clientCertificateResource;
  const isRefused = otherAccountIn(context) !== undefined && ResourceType !== CLIENT_CERTIFICATE_RESOURCE_TYPE;
  return handleCustomResource(isRefused ? REFUSED : resource, event, {
    invocation: context,
    stacks: stacksIn(process.env),
    log,
    begin: (request, signal) => requests.begin(resourceOf(request), request.requestId, now(), signal),
  });
};

/** The steps of Secrets Manager, and of operators, who may call it as well. */
export const rotation = async (event: unknown, context: Context): Promise<void> => {
  const request = readRotationRequest(Object(event));
  try {
    await withDeadline(timeForWork(context), (signal) => issuer.rotation.run(request, signal));
  } catch (error) {
    await issuer.rotation.reportFailure(request.secretId, error);
    // Lambda logs a thrown error with all its properties.
    throw new RotationError(failureSentence(error));
  }
};

/** Requests to the function URL. Only Lambda writes what surrounds their body. */
export const request = (event: unknown, context: Context): Promise<APIGatewayProxyStructuredResultV2> =>
  answerCertificateRequest(
    Object(event),
    (certificateRequest) =>
      withDeadline(timeForWork(context), (signal) => issuer.requestedCertificates.issue(certificateRequest, signal)),
    log,
  );

/** The hourly schedule. The event has nothing to say. */
export const maintenance = (_event: unknown, context: Context): Promise<void> =>
  withDeadline(timeForWork(context), (signal) => issuer.maintenance.run(signal));

/** Operators who revoke certificates. */
export const revocation = async (event: unknown, context: Context): Promise<RevocationResult> => {
  const order = readRevocationOrder(event);
  const time = timeForWork(context);
  return withDeadline(time, (signal) =>
    withTimeout(Math.max(time - REPORT_TIME, 0), signal, (timeUp) =>
      issuer.operatorRevocation.run(order, signal, timeUp),
    ),
  );
};

function timeForWork(context: Context): number {
  return Math.max(context.getRemainingTimeInMillis() - REPORT_TIME, 0);
}
