/** The names in a mesh, and how they are derived from the trust domain and the client's name. */
import { createHash } from 'node:crypto';

/** Longest client name: a DNS label (RFC 1123). It also fits into the 64 characters of an X.520 common name. */
const LONGEST_CLIENT_NAME = 63;
/** Longest trust domain: SPIFFE-ID specification, section 2.1. */
const LONGEST_TRUST_DOMAIN = 255;
/** Longest URI that ACM PCA accepts as a subject alternative name (`GeneralName.UniformResourceIdentifier`). */
export const LONGEST_CLIENT_SPIFFE_ID = 253;

// Each `…Problem` function describes what is wrong with a value, as the rest of a sentence that begins with the
// property's name. It returns undefined for a valid value.

/** For the name of a client or a trust anchor. */
export function clientNameProblem(name: string): string | undefined {
  if (name.length > LONGEST_CLIENT_NAME) return `must have at most ${LONGEST_CLIENT_NAME} characters`;
  if (!/^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(name)) {
    return 'must be a DNS label: lower-case letters, digits and hyphens, starting with a letter, not ending with a hyphen';
  }
  return undefined;
}

/** For the name of a service: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html */
export function serviceNameProblem(name: string): string | undefined {
  if (name === 'ping' || name === 'sping') return 'must not be a path that API Gateway reserves for health checks';
  return clientNameProblem(name);
}

/**
 * For a trust domain of a mesh. https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md. It must have a dot although
 * SPIFFE doesn't require one: the issuer may read and write all secrets whose names begin with the trust domain and a slash,
 * and with `prod`, for example, these would include secrets of others.
 */
export function trustDomainProblem(trustDomain: string): string | undefined {
  if (trustDomain.length > LONGEST_TRUST_DOMAIN) return `must have at most ${LONGEST_TRUST_DOMAIN} characters`;
  if (!/^[a-z0-9._-]+$/.test(trustDomain)) {
    return 'must have only lower-case letters, digits, dots, hyphens and underscores';
  }
  if (!/[^.]\.[^.]/.test(trustDomain)) {
    return 'must contain a dot, like a domain name, because the names of secrets begin with it';
  }
  return undefined;
}

/** For a DNS name in a certificate or of a gateway (RFC 1123). */
export function dnsNameProblem(name: string): string | undefined {
  if (name.length > 253) return 'must have at most 253 characters';
  const label = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
  if (!new RegExp(`^${label}(\\.${label})*$`).test(name)) {
    return 'must be a DNS name in lower case, without wildcards';
  }
  return undefined;
}

/** For the SPIFFE ID of a client, in any trust domain. */
export function clientSpiffeIdProblem(id: string): string | undefined {
  if (id.length > LONGEST_CLIENT_SPIFFE_ID) return `must have at most ${LONGEST_CLIENT_SPIFFE_ID} characters`;
  const [, trustDomain = ''] = /^spiffe:\/\/([^/]*)\//.exec(id) ?? [];
  const isValid =
    trustDomainProblem(trustDomain) === undefined && clientNameFromSpiffeId(id, trustDomain) !== undefined;
  return isValid ? undefined : 'must be spiffe://<trust domain>/<client name>';
}

/** Whether the SPIFFE ID belongs to the trust domain. The ID may be invalid otherwise. */
export function isInTrustDomain(id: string, trustDomain: string): boolean {
  return id.startsWith(`spiffe://${trustDomain}/`);
}

export function spiffeId(trustDomain: string, clientName: string): string {
  return `spiffe://${trustDomain}/${clientName}`;
}

/** The client's name in a SPIFFE ID of `trustDomain`. Undefined for another trust domain or an invalid name. */
export function clientNameFromSpiffeId(id: string, trustDomain: string): string | undefined {
  return isInTrustDomain(id, trustDomain) ? validClientName(id.slice(spiffeId(trustDomain, '').length)) : undefined;
}

/** The name of the secret that contains the client's certificate. */
export function secretName(trustDomain: string, clientName: string): string {
  return `${trustDomain}/${clientName}`;
}

/**
 * The name of the client that owns the secret. A secret's ARN ends with the secret's name, a hyphen and six random
 * characters: https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
 */
export function clientNameFromSecretArn(secretArn: string, trustDomain: string): string | undefined {
  const [, name = ''] = /^arn:[^:]+:secretsmanager:[^:]+:[^:]+:secret:(.+)-[A-Za-z0-9]{6}$/.exec(secretArn) ?? [];
  const prefix = secretName(trustDomain, '');
  return name.startsWith(prefix) ? validClientName(name.slice(prefix.length)) : undefined;
}

function validClientName(name: string): string | undefined {
  return clientNameProblem(name) === undefined ? name : undefined;
}

/**
 * The name of the function that revokes certificates for operators. A function's name has at most 64 letters, digits, hyphens,
 * and underscores, so the trust domain is shortened, and a hash of it makes the name unique.
 */
export function revocationFunctionName(trustDomain: string): string {
  const hash = createHash('sha256').update(trustDomain).digest('hex').slice(0, 10);
  return `mtls-mesh-revoke-${trustDomain.replaceAll('.', '-').slice(0, 36)}-${hash}`;
}

/** The name of the SSM parameter with which a mesh can be imported. */
export function meshParameterName(trustDomain: string): string {
  return `/mtls-mesh/${trustDomain}`;
}

/** The last part of the ARN of an authority in ACM PCA, or of its KMS key. */
export function authorityId(certificateAuthorityArn: string): string {
  return certificateAuthorityArn.slice(certificateAuthorityArn.lastIndexOf('/') + 1);
}

/** The name of the SSM parameter that says where the certificates of a trust anchor are. */
export function trustAnchorParameterName(trustDomain: string, trustAnchorName: string): string {
  return `${meshParameterName(trustDomain)}/trust-anchors/${trustAnchorName}`;
}

/** The name of the SSM parameter with the certificate of an authority. @param id as `authorityId` */
export function authorityParameterName(id: string): string {
  return `/mtls-mesh/certificate-authorities/${id}`;
}

/** The name of the registry's table. */
export function registryTableName(trustDomain: string): string {
  return `mtls-mesh.${trustDomain}`;
}
