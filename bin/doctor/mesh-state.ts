import { X509Certificate } from 'node:crypto';
import { ApiGateway } from '../../aws/api-gateway';
import { failureSentence } from '../../aws/failure';
import { ObjectReader } from '../../aws/s3';
import type { ClientSecret } from '../../mesh/client-secret';
import { ChainError, verifyTrust } from '../../pki/chain';
import { readCertificates } from '../../pki/pem';
import { type Refusal, refusalOf } from '../../registry/status';
import { answerOf } from '../can/can';
import { commandConnection } from '../shared/aws-access';
import { deployedGrants } from '../shared/grants/deployed-grants';
import { isExternal, showClient } from '../shared/inventory';
import { NEVER_ABORTED, type OperatedMesh, OperatorError } from '../shared/mesh';
import { type Finding, notChecked, ok, wrong } from './finding';

const REMEDIES: Readonly<Record<Refusal, (client: string) => string>> = {
  CLIENT_UNKNOWN: () => 'the client belongs to another mesh, or was removed: check --mesh',
  CLIENT_DISABLED: (client) => `find out who disabled it and why, then: mtls-mesh enable ${client}`,
  CERTIFICATE_UNKNOWN: () => 'the certificate is of another mesh, or the registry was restored: read the secret again',
  NOT_YET_VALID: () => 'set the clock',
  EXPIRED: (client) => `issue another one: mtls-mesh rotate ${client}`,
  REVOKED: (client) => `read the secret again; if the certificate in it is revoked: mtls-mesh rotate ${client}`,
  REPLACED: () => 'read the secret again: the certificate was replaced, and the overlap is over',
};

/**
 * Whether the registry lets a certificate of the client in, by the rules of the authorizer.
 * @param presented what the client has. @default - its current certificate
 */
export async function checkRegistry(
  mesh: OperatedMesh,
  clientName: string,
  presented?: Pick<ClientSecret, 'fingerprint' | 'spiffeId'>,
): Promise<Finding> {
  try {
    const { client, certificates, current } = await showClient(mesh, clientName);
    if (isExternal(client)) return notChecked('the client has certificates of a trust anchor');
    const certificate = presented
      ? certificates.find(({ fingerprint }) => fingerprint === presented.fingerprint)
      : current;
    const refusal = refusalOf({ client, certificate }, presented?.spiffeId ?? client.spiffeId, mesh.now());
    if (refusal === undefined) {
      const failure =
        client.rotationFailure === undefined ? '' : `; its last rotation failed: ${client.rotationFailure}`;
      return ok(`the registry has the certificate, and it is neither revoked nor disabled${failure}`);
    }
    return wrong('refusal', `the mesh refuses the certificate: ${refusal}`, REMEDIES[refusal](clientName));
  } catch (error) {
    if (error instanceof OperatorError) return wrong('refusal', error.message, REMEDIES.CLIENT_UNKNOWN(clientName));
    return notChecked(`the registry can't be read: ${failureSentence(error)}`);
  }
}

/** Whether a grant lets the client send a GET request to the URL, by the code of the authorizer. */
export async function checkGrants(mesh: OperatedMesh, clientName: string, url: URL): Promise<Finding> {
  try {
    const path = decodeURIComponent(url.pathname);
    const grants = await deployedGrants(mesh);
    const service = path.split('/')[1];
    if (!grants.services.some(({ serviceName }) => serviceName === service)) {
      return notChecked(`the mesh has no service ${service || 'at the root'}`);
    }
    const answer = answerOf({ client: clientName, method: 'GET', path }, grants);
    if (answer.allowed) return ok(`the grant "${answer.grant}" lets the client call the path`);
    return wrong('refusal', answer.reason, 'allow it in the stack of the service: service.allow(client)');
  } catch (error) {
    return notChecked(`the grants can't be read: ${failureSentence(error)}`);
  }
}

/** Whether the truststore that the gateway uses has the authority of the client, and is the one published last. */
export async function checkTruststore(domainName: string, { certificate }: ClientSecret): Promise<Finding> {
  const connection = commandConnection();
  const retryPolicy = { attempts: 2, timeout: 3_000, backoff: { first: 100, longest: 500 } };
  try {
    const state = await new ApiGateway(connection).domainName(domainName, NEVER_ABORTED);
    const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(state.truststoreUri ?? '') ?? [];
    const versionId = state.truststoreVersion;
    if (bucket === '' || versionId === undefined) {
      return wrong('server', `the domain ${domainName} has no mutual TLS`, 'deploy the mesh again');
    }
    const objects = new ObjectReader({ connection, retryPolicy });
    const used = await objects.readObject({ bucket, key, versionId }, NEVER_ABORTED);
    const problem = trustProblem(certificate, used);
    if (problem !== undefined) {
      return wrong('refusal', `the truststore in use doesn't trust the client: ${problem}`, 'deploy the mesh again');
    }
    if (state.status !== 'AVAILABLE')
      return ok(`the truststore in use trusts the client; the domain is ${state.status}`);
    const latest = await objects.readObject({ bucket, key }, NEVER_ABORTED);
    if (latest === used) return ok('the gateway uses the truststore that was published last, and it trusts the client');
    const remedy = 'a deployment is in progress, or has failed: look at the events of the stack';
    return wrong('server', 'the gateway uses an older truststore than the one published last', remedy);
  } catch (error) {
    return notChecked(`the truststore can't be read: ${failureSentence(error)}`);
  }
}

function trustProblem(certificate: string, truststore: string): string | undefined {
  try {
    verifyTrust(new X509Certificate(certificate), readCertificates(truststore), new Date());
    return undefined;
  } catch (error) {
    if (error instanceof ChainError) return error.message;
    throw error;
  }
}
