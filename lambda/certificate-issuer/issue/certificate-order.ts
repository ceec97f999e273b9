import {
  type ClientCertificateProperties,
  KEY_ALGORITHMS,
  type KeyAlgorithm,
  SIGNING_ALGORITHMS,
  type SigningAlgorithm,
} from '../../../mesh/contract';
import {
  brokenClientNameRule,
  brokenDnsNameRule,
  brokenTrustDomainRule,
  clientNameOf,
  MAX_SPIFFE_ID,
} from '../../../mesh/names';
import { brokenAuthorityArnRule } from '../../custom-resource/authority-arn';
import { choiceProperty, listProperty, PropertyError, textProperty } from '../../custom-resource/properties';
import type { ResourceProperties } from '../../custom-resource/request';
import { requesterOf } from '../../../mesh/requester';

/** What certificate to issue, to whom and by which authority. */
export interface CertificateOrder {
  readonly clientName: string;
  readonly spiffeId: string;
  readonly dnsNames: readonly string[];
  readonly keyAlgorithm: KeyAlgorithm;
  readonly validityHours: number;
  readonly certificateAuthorityArn: string;
  readonly signingAlgorithm: SigningAlgorithm;
}

/** ACM PCA puts at most 150 alternative names into a certificate (`GeneralNameList`); the SPIFFE ID is one. */
const MAX_DNS_NAMES = 149;

type PropertyName = keyof ClientCertificateProperties;

/** Throws `PropertyError` for the first property that breaks its rule. */
export function readCertificateOrder(properties: ResourceProperties): CertificateOrder {
  const name = (property: PropertyName) => property;
  const clientName = textProperty(properties, name('ClientName'), brokenClientNameRule);
  return {
    clientName,
    spiffeId: readSpiffeId(properties, clientName),
    dnsNames: readDnsNames(properties),
    keyAlgorithm: choiceProperty(properties, name('KeyAlgorithm'), KEY_ALGORITHMS),
    validityHours: Number(textProperty(properties, name('ValidityHours'), brokenHoursRule)),
    certificateAuthorityArn: textProperty(properties, name('CertificateAuthorityArn'), brokenAuthorityArnRule),
    signingAlgorithm: choiceProperty(properties, name('SigningAlgorithm'), SIGNING_ALGORITHMS),
  };
}

/** Undefined for a client that keeps its own key. */
export function readSecretId(properties: ResourceProperties): string | undefined {
  const property = 'SecretId' satisfies PropertyName;
  return properties[property] === undefined ? undefined : textProperty(properties, property, brokenSecretArnRule);
}

/** The IAM roles and users that may have certificates issued for keys of their own, if there are any. */
export function readRequesters(properties: ResourceProperties): { readonly requesters?: readonly string[] } {
  const property = 'Requesters' satisfies PropertyName;
  if (properties[property] === undefined) return {};
  return { requesters: listProperty(properties, property, brokenRequesterRule) };
}

/** The hours that a replaced certificate stays usable, if they are limited. */
export function readOverlap(properties: ResourceProperties): { readonly overlapHours?: number } {
  const property = 'OverlapHours' satisfies PropertyName;
  if (properties[property] === undefined) return {};
  const rule = (hours: string) =>
    /^(0|[1-9]\d{0,5})$/.test(hours) ? undefined : 'must be whole hours from 0 to 999999';
  return { overlapHours: Number(textProperty(properties, property, rule)) };
}

/** The SPIFFE ID alone, as the identity of the custom resource. */
export function readSpiffeId(properties: ResourceProperties, clientName?: string): string {
  return textProperty(properties, 'SpiffeId' satisfies PropertyName, (id) => brokenSpiffeIdRule(id, clientName));
}

function readDnsNames(properties: ResourceProperties): readonly string[] {
  const property = 'DnsNames' satisfies PropertyName;
  const dnsNames = listProperty(properties, property, brokenDnsNameRule);
  if (dnsNames.length > MAX_DNS_NAMES) {
    throw new PropertyError(property, `must have at most ${MAX_DNS_NAMES} entries`, dnsNames.length);
  }
  if (new Set(dnsNames).size < dnsNames.length) throw new PropertyError(property, 'must not repeat a name', dnsNames);
  return dnsNames;
}

function brokenSpiffeIdRule(id: string, expectedClientName: string | undefined): string | undefined {
  if (id.length > MAX_SPIFFE_ID) return `must have at most ${MAX_SPIFFE_ID} characters`;
  const [, trustDomain = ''] = /^spiffe:\/\/([^/]*)\//.exec(id) ?? [];
  const clientName = brokenTrustDomainRule(trustDomain) === undefined ? clientNameOf(id, trustDomain) : undefined;
  if (clientName === undefined) return 'must be spiffe://<trust domain>/<client name>';
  if (expectedClientName !== undefined && clientName !== expectedClientName) return 'must end with the ClientName';
  return undefined;
}

function brokenRequesterRule(arn: string): string | undefined {
  return requesterOf(arn) === undefined ? 'must be the ARN of an IAM role or user' : undefined;
}

function brokenHoursRule(hours: string): string | undefined {
  return /^[1-9]\d{0,5}$/.test(hours) ? undefined : 'must be whole hours from 1 to 999999';
}

function brokenSecretArnRule(arn: string): string | undefined {
  return /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]{1,519}$/.test(arn)
    ? undefined
    : 'must be the ARN of a secret';
}
