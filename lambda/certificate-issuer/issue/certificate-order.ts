import { authorityArnProblem, secretArnProblem } from '../../../mesh/aws-names';
import type { ClientCertificateProperties } from '../../../mesh/custom-resources';
import {
  clientNameFromSecretArn,
  clientNameFromSpiffeId,
  clientNameProblem,
  clientSpiffeIdProblem,
  dnsNameProblem,
  secretName,
} from '../../../mesh/names';
import { requesterArnProblem } from '../../../mesh/requesters';
import { KEY_ALGORITHMS } from '../../../pki/keys';
import { SIGNING_ALGORITHMS } from '../../../pki/signature';
import type { RegistryClient } from '../../../registry/records';
import { choiceProperty, listProperty, PropertyError, textProperty } from '../../custom-resource/properties';
import type { ResourceProperties } from '../../custom-resource/request';

/** A certificate to issue: its client, names, key algorithm, validity, and authority. */
export type CertificateOrder = Pick<
  RegistryClient,
  | 'clientName'
  | 'spiffeId'
  | 'dnsNames'
  | 'keyAlgorithm'
  | 'validityHours'
  | 'certificateAuthorityArn'
  | 'signingAlgorithm'
>;

/** ACM PCA accepts 150 alternative names in a certificate (`GeneralNameList`). The SPIFFE ID is one of them. */
const MOST_DNS_NAMES = 149;

type PropertyName = keyof ClientCertificateProperties;

/** @throws PropertyError for the first invalid property */
export function readCertificateOrder(properties: ResourceProperties): CertificateOrder {
  const name = (property: PropertyName) => property;
  const clientName = textProperty(properties, name('ClientName'), clientNameProblem);
  return {
    clientName,
    spiffeId: readSpiffeId(properties, clientName),
    dnsNames: readDnsNames(properties),
    keyAlgorithm: choiceProperty(properties, name('KeyAlgorithm'), KEY_ALGORITHMS),
    validityHours: Number(textProperty(properties, name('ValidityHours'), validityHoursProblem)),
    certificateAuthorityArn: textProperty(properties, name('CertificateAuthorityArn'), authorityArnProblem),
    signingAlgorithm: choiceProperty(properties, name('SigningAlgorithm'), SIGNING_ALGORITHMS),
  };
}

/**
 * The ARN or the name of the secret of the client with that name. Undefined for a client that keeps its own key.
 * @throws PropertyError for the secret of another client
 */
export function readSecretId(
  properties: ResourceProperties,
  clientName: string,
  trustDomain: string,
): string | undefined {
  const property = 'SecretId' satisfies PropertyName;
  if (properties[property] === undefined) return undefined;
  const secret = secretName(trustDomain, clientName);
  if (properties[property] === secret) return secret;
  return textProperty(
    properties,
    property,
    (arn) =>
      secretArnProblem(arn) ??
      (clientNameFromSecretArn(arn, trustDomain) === clientName ? undefined : `must be the secret ${secret}`),
  );
}

/** The IAM roles and users that may request certificates for their own keys, if there are any. */
export function readRequesters(properties: ResourceProperties): Pick<RegistryClient, 'requesters'> {
  const property = 'Requesters' satisfies PropertyName;
  if (properties[property] === undefined) return {};
  return { requesters: listProperty(properties, property, requesterArnProblem) };
}

/** The hours for which a replaced certificate stays valid, if there is a limit. */
export function readOverlap(properties: ResourceProperties): Pick<RegistryClient, 'overlapHours'> {
  const property = 'OverlapHours' satisfies PropertyName;
  if (properties[property] === undefined) return {};
  const problem = (hours: string) =>
    /^(0|[1-9]\d{0,5})$/.test(hours) ? undefined : 'must be whole hours from 0 to 999999';
  return { overlapHours: Number(textProperty(properties, property, problem)) };
}

/** The most valid certificates for the client's own keys, if its resource says it. */
export function readCertificateLimit(properties: ResourceProperties): Pick<RegistryClient, 'certificateLimit'> {
  const property = 'CertificateLimit' satisfies PropertyName;
  if (properties[property] === undefined) return {};
  const problem = (limit: string) => (/^[1-9]\d{0,5}$/.test(limit) ? undefined : 'must be a number from 1 to 999999');
  return { certificateLimit: Number(textProperty(properties, property, problem)) };
}

/** The client's SPIFFE ID, which also identifies the custom resource. */
export function readSpiffeId(properties: ResourceProperties, clientName?: string): string {
  return textProperty(properties, 'SpiffeId' satisfies PropertyName, (id) => {
    const problem = clientSpiffeIdProblem(id);
    if (problem !== undefined || clientName === undefined) return problem;
    return id.endsWith(`/${clientName}`) ? undefined : 'must end with the ClientName';
  });
}

/** The name of the client with the SPIFFE ID. @throws PropertyError if the ID is outside the trust domain */
export function clientNameInTrustDomain(spiffeId: string, trustDomain: string): string {
  const clientName = clientNameFromSpiffeId(spiffeId, trustDomain);
  if (clientName !== undefined) return clientName;
  const problem = `must be in the issuer's trust domain ${trustDomain}`;
  throw new PropertyError('SpiffeId' satisfies PropertyName, problem, spiffeId);
}

function readDnsNames(properties: ResourceProperties): readonly string[] {
  const property = 'DnsNames' satisfies PropertyName;
  const dnsNames = listProperty(properties, property, dnsNameProblem);
  if (dnsNames.length > MOST_DNS_NAMES) {
    throw new PropertyError(property, `must have at most ${MOST_DNS_NAMES} entries`, dnsNames.length);
  }
  if (new Set(dnsNames).size < dnsNames.length) throw new PropertyError(property, 'must not repeat a name', dnsNames);
  return dnsNames;
}

function validityHoursProblem(hours: string): string | undefined {
  return /^[1-9]\d{0,5}$/.test(hours) ? undefined : 'must be whole hours from 1 to 999999';
}
