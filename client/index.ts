export { ClientSecretError } from '../pki/client-secret';
export type { ClientSecret } from '../pki/contract';
export { SecretUnavailableError, TlsRequestError } from './errors';
export { MeshClient, type MeshClientOptions } from './mesh-client';
export type { SecretReader } from './secret-cache';
export { type Destination, requestOverTls, type TlsCredentials, type TlsRequestOptions } from './tls-request';
