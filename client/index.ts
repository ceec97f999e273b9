export { type ClientSecret, ClientSecretError } from '../mesh/client-secret';
export type { AuthorizedCaller, CallerIdentity } from '../mesh/contract';
export { callerOf, type GatewayEvent } from './caller';
export type { CertificateRotation, ExpiringCertificate, MeshHttpClientEvents } from './certificate-events';
export type { Undici } from './dispatcher';
export { SecretUnavailableError, TlsRequestError, UnknownCallerError } from './errors';
export { MeshHttpClient, type MeshHttpClientOptions } from './mesh-http-client';
export { type MeshServerOptions, meshServer } from './mesh-server';
export type { FetchInput } from './outgoing-request';
export type { SecretReader, SecretsManagerSender } from './secret-reader';
export {
  type Destination,
  requestOverTls,
  type TlsCredentials,
  type TlsOptions,
  type TlsRequestOptions,
} from './tls-request';
