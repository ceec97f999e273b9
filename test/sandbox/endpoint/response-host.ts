import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { SANDBOX_ACCOUNT } from '../../../sandbox/account';
import { Clock } from '../../../sandbox/clock';
import { RESPONSE_HOST } from '../../../sandbox/endpoint/paths';
import type { Endpoint } from '../../../sandbox/endpoint/server';
import { CertificateManagerService } from '../../../sandbox/services/certificate-manager';

const certificates = new CertificateManagerService({ account: SANDBOX_ACCOUNT, clock: new Clock() });

/** What an endpoint needs to take the answers of custom resources. */
export const responseHost = certificates.newServerCertificate(RESPONSE_HOST);

/** Answers a custom resource as a function does, whose connections to the response host go to the endpoint. */
export async function putResponse(
  endpoint: Endpoint,
  token: string,
  body: string | Buffer,
  { host = RESPONSE_HOST, method = 'PUT' } = {},
): Promise<IncomingMessage> {
  const { pathname } = new URL(endpoint.responseUrl(token));
  const sent = request({
    host: '127.0.0.1',
    port: endpoint.responsePort,
    servername: RESPONSE_HOST,
    ca: certificates.serverAuthority,
    path: pathname,
    method,
    headers: { host, 'content-length': body.length },
  });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return response.resume();
}
