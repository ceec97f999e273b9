export { type ClientSecret, ClientSecretError } from '../mesh/client-secret';
export { SecretUnavailableError, TlsRequestError } from './errors';
export { MeshHttpClient, type MeshHttpClientOptions } from './mesh-http-client';
export type { SecretReader } from './secret-cache';
export { type Destination, requestOverTls, type TlsCredentials, type TlsRequestOptions } from './tls-request';
