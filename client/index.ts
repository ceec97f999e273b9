export { ClientSecretError } from '../mesh/client-secret';
export type { ClientSecret } from '../mesh/contract';
export { SecretUnavailableError, TlsRequestError } from './errors';
export { MeshClient, type MeshClientOptions } from './mesh-http-client';
export type { SecretReader } from './secret-cache';
export { type Destination, requestOverTls, type TlsCredentials, type TlsRequestOptions } from './tls-request';
