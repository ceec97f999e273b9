import { ACMPCAClient } from '@aws-sdk/client-acm-pca';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { EXTERNAL_CLIENT_RESOURCE_TYPE } from '../../mesh/external-clients';
import { Announcer } from '../../registry/audit';
import { CLIENT_SETTINGS } from '../../aws/sdk-settings';
import { DefaultEventBus } from '../../aws/eventbridge';
import { GatewayDomain } from '../../aws/gateway-domain';
import { PrivateCertificateAuthority } from '../../aws/acm-pca';
import { RegistryTable } from '../../registry/registry';
import { S3ObjectReader } from '../../aws/s3-object-reader';
import { SecretsManager } from '../../aws/secrets-manager';
import { type CustomResource, handleCustomResource } from '../custom-resource/custom-resource';
import { withinTime } from '../deadline';
import { gatewayOf, registryTableOf, trustDomainOf } from '../environment';
import { failureSentence } from '../../aws/failure';
import { logLine } from '../log';
import { Metrics } from '../../aws/cloudwatch';
import { CertificateIssuer } from './issue/issuance';
import { CertificateProof } from './rotate/certificate-proof';
import { CertificateRevoker } from '../../registry/revocation';
import { ClientCertificate } from './issue/client-certificate-resource';
import { ClientRequest } from './request/client-request';
import { ExternalClient } from './external/external-client-resource';
import { GatewayTruststore } from './issue/gateway-truststore';
import { Handshake } from './rotate/handshake';
import { Maintenance } from './maintain/maintenance';
import { answerRequest } from './request/request-answer';
import type { RequestEvent } from './request/request-event';
import { Rotation, RotationError } from './rotate/rotation';
import { readRotationRequest } from './rotate/rotation-event';
import { SecretVersions } from './issue/secret-versions';
import { Succession } from './issue/promotion';

/** The event is of no kind that the issuer knows. */
class UnknownEventError extends Error {
  override readonly name = 'UnknownEventError';
}

/** Of the function's time, for telling that a rotation failed. */
const FAREWELL_MS = 6_000;

const now = () => new Date();
const trustDomain = trustDomainOf(process.env);
const registry = new RegistryTable(registryTableOf(process.env), process.env);
const authority = new PrivateCertificateAuthority(new ACMPCAClient(CLIENT_SETTINGS));
const secrets = new SecretsManager(new SecretsManagerClient(CLIENT_SETTINGS));
const announcer = new Announcer(new DefaultEventBus(process.env), trustDomain, logLine);
const metrics = new Metrics(trustDomain, now, logLine);

const objects = new S3ObjectReader(process.env);
const gateway = gatewayOf(process.env);
const truststore = gateway && new GatewayTruststore(objects, gateway.truststore, now);
const handshake = gateway && new Handshake(new GatewayDomain(gateway.domainName), logLine);

const issuer = new CertificateIssuer(authority, registry, truststore, announcer, metrics, now, logLine);
const revoker = new CertificateRevoker(registry, announcer, metrics, now, logLine);
const versions = new SecretVersions(issuer, registry, revoker, secrets, now, logLine);
const succession = new Succession(registry, secrets, now, logLine);
const proof = new CertificateProof(registry, truststore, handshake, now);

const clientCertificate = new ClientCertificate(trustDomain, registry, versions, succession, revoker, now, logLine);
const rotation = new Rotation(trustDomain, registry, secrets, versions, proof, succession, announcer, metrics, logLine);
const externalClient = new ExternalClient(trustDomain, registry, objects, now, logLine);
const clientRequest = new ClientRequest(registry, issuer, now, logLine);
const maintenance = new Maintenance(registry, authority, revoker, announcer, metrics, now, logLine);

export const handler = async (
  event: unknown,
  context: Context,
): Promise<APIGatewayProxyStructuredResultV2 | undefined> => {
  if (typeof event === 'object' && event !== null) {
    // Lambda writes what a request through the URL begins with; its caller has a say in the values alone.
    if ('requestContext' in event) return answer(event, context);
    if ('RequestType' in event)
      return void (await handleCustomResource(customResourceOf(event), event, context, logLine));
    if ('Step' in event) return void (await rotate(event, context));
    if (isSchedule(event)) return void (await withinTime(timeForWork(context), (signal) => maintenance.run(signal)));
  }
  throw new UnknownEventError(
    'the event is neither a request, of CloudFormation or a client, a rotation, nor a schedule',
  );
};

function answer(event: object, context: Context): Promise<APIGatewayProxyStructuredResultV2> {
  const run = (request: RequestEvent) =>
    withinTime(timeForWork(context), (signal) => clientRequest.run(request, signal));
  return answerRequest(event, run, logLine);
}

function customResourceOf(event: object): CustomResource {
  const isExternal = 'ResourceType' in event && event.ResourceType === EXTERNAL_CLIENT_RESOURCE_TYPE;
  return isExternal ? externalClient : clientCertificate;
}

async function rotate(event: object, context: Context): Promise<void> {
  const request = readRotationRequest(event);
  try {
    await withinTime(timeForWork(context), (signal) => rotation.run(request, signal));
  } catch (error) {
    await rotation.tellFailure(request.secretId, error);
    // Lambda logs what is thrown, with all that it holds.
    throw new RotationError(failureSentence(error));
  }
}

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html */
function isSchedule(event: object): boolean {
  return 'source' in event && event.source === 'aws.events';
}

function timeForWork(context: Context): number {
  return Math.max(context.getRemainingTimeInMillis() - FAREWELL_MS, 0);
}
