import {
  GATEWAY_DOMAIN_NAME_VARIABLE,
  REGISTRY_TABLE_VARIABLE,
  TRUST_DOMAIN_VARIABLE,
  TRUSTSTORE_BUCKET_VARIABLE,
  TRUSTSTORE_KEY_VARIABLE,
  TRUSTSTORE_VERSION_VARIABLE,
} from '../../mesh/contract';
import { REVOCATION_LIST_ADDRESS_VARIABLE } from '../../mesh/kms-authority';
import type { IMeshRegistry, IMtlsGateway } from '../interfaces';

export interface IssuerEnvironmentProps {
  readonly registry: IMeshRegistry;
  readonly gateway?: IMtlsGateway;
  readonly revocationListAddress?: string;
}

/** The environment variables of all functions of an issuer. */
export function issuerEnvironment({
  registry,
  gateway,
  revocationListAddress,
}: IssuerEnvironmentProps): Record<string, string> {
  return {
    ...(revocationListAddress !== undefined && { [REVOCATION_LIST_ADDRESS_VARIABLE]: revocationListAddress }),
    [TRUST_DOMAIN_VARIABLE]: registry.trustDomain,
    [REGISTRY_TABLE_VARIABLE]: registry.table.tableName,
    ...(gateway && gatewayEnvironment(gateway)),
  };
}

/** A new truststore version changes the environment, and so updates the function. */
function gatewayEnvironment({ domainName, truststore }: IMtlsGateway): Record<string, string> {
  return {
    [GATEWAY_DOMAIN_NAME_VARIABLE]: domainName,
    [TRUSTSTORE_BUCKET_VARIABLE]: truststore.bucket.bucketName,
    [TRUSTSTORE_KEY_VARIABLE]: truststore.objectKey,
    [TRUSTSTORE_VERSION_VARIABLE]: truststore.versionId,
  };
}
