import { ACMPCAClient } from '@aws-sdk/client-acm-pca';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Context } from 'aws-lambda';
import { CLIENT_SETTINGS } from '../aws/client-settings';
import { PrivateCertificateAuthority } from '../aws/private-certificate-authority';
import { SecretsManager } from '../aws/secrets-manager';
import { handleCustomResource } from '../custom-resource/custom-resource';
import { logLine } from '../log';
import { CertificateIssuer } from './certificate-issuer';
import { ClientCertificate } from './client-certificate';

/** The event is of no kind that the issuer knows. */
class UnknownEventError extends Error {
  override readonly name = 'UnknownEventError';
}

const now = () => new Date();
const authority = new PrivateCertificateAuthority(new ACMPCAClient(CLIENT_SETTINGS));
const secrets = new SecretsManager(new SecretsManagerClient(CLIENT_SETTINGS));
const issuer = new CertificateIssuer(authority, now, logLine);
const clientCertificate = new ClientCertificate(issuer, secrets, now, logLine);

export const handler = async (event: unknown, context: Context): Promise<void> => {
  if (isCustomResourceRequest(event)) return handleCustomResource(clientCertificate, event, context, logLine);
  throw new UnknownEventError('the event is no request of CloudFormation: it has no RequestType');
};

function isCustomResourceRequest(event: unknown): boolean {
  return typeof event === 'object' && event !== null && 'RequestType' in event;
}
