import type { IConstruct } from 'constructs';
import { listAddressProblem } from '../../mesh/aws-names';
import {
  GATEWAY_DOMAIN_NAME_VARIABLE,
  REGISTRY_TABLE_VARIABLE,
  TRUST_DOMAIN_VARIABLE,
  TRUSTSTORE_BUCKET_VARIABLE,
  TRUSTSTORE_KEY_VARIABLE,
  TRUSTSTORE_VERSION_VARIABLE,
} from '../../mesh/contract';
import { REVOCATION_LIST_ADDRESS_VARIABLE } from '../../mesh/kms-authority';
import type { ICertificateAuthority, IMeshRegistry, IMtlsGateway } from '../interfaces';
import { checkText, refuse } from './validation';

export interface IssuerEnvironmentProps {
  readonly registry: IMeshRegistry;
  readonly gateway?: IMtlsGateway;
}

/** The environment variables of all functions of an issuer. */
export function issuerEnvironment({ registry, gateway }: IssuerEnvironmentProps): Record<string, string> {
  return {
    [TRUST_DOMAIN_VARIABLE]: registry.trustDomain,
    [REGISTRY_TABLE_VARIABLE]: registry.table.tableName,
    ...(gateway && gatewayEnvironment(gateway)),
  };
}

/** The environment variables of the functions that issue. Throws unless an authority has lists at the address. */
export function listAddressEnvironment(
  issuer: IConstruct,
  address: string | undefined,
  authorities: readonly ICertificateAuthority[],
): Record<string, string> {
  if (address === undefined) return {};
  checkText(issuer, 'revocationListAddress', address, listAddressProblem);
  if (!authorities.some(({ issuesRevocationLists }) => issuesRevocationLists)) {
    refuse(issuer, 'revocationListAddress', NEEDS_LISTING_AUTHORITY, 'a value');
  }
  return { [REVOCATION_LIST_ADDRESS_VARIABLE]: address };
}

/** The rule of options of revocation lists. ACM PCA publishes the lists of its authorities itself. */
export const NEEDS_LISTING_AUTHORITY =
  'must not be set without an authority that has its key in AWS KMS, because the mesh publishes the lists of no others';

/** A new truststore version changes the environment, and so updates the function. */
function gatewayEnvironment({ domainName, truststore }: IMtlsGateway): Record<string, string> {
  return {
    [GATEWAY_DOMAIN_NAME_VARIABLE]: domainName,
    [TRUSTSTORE_BUCKET_VARIABLE]: truststore.bucket.bucketName,
    [TRUSTSTORE_KEY_VARIABLE]: truststore.objectKey,
    [TRUSTSTORE_VERSION_VARIABLE]: truststore.versionId,
  };
}
