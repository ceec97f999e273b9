/** The names in a mesh and how each derives from the client's name and the trust domain. */

/** Longest client name: a DNS label (RFC 1123), which also keeps the common name within the 64 characters of X.520. */
const MAX_CLIENT_NAME = 63;
/** Longest trust domain name by the SPIFFE ID specification, section 2.1. */
const MAX_TRUST_DOMAIN = 255;
/** Longest URI that ACM PCA accepts as a subject alternative name (`GeneralName.UniformResourceIdentifier`). */
export const MAX_SPIFFE_ID = 253;

/** The rule that `name` breaks as a client's or service's name, or undefined. */
export function brokenClientNameRule(name: string): string | undefined {
  if (name.length > MAX_CLIENT_NAME) return `must have at most ${MAX_CLIENT_NAME} characters`;
  if (!/^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(name)) {
    return 'must be a DNS label: lower-case letters, digits and hyphens, starting with a letter, not ending with a hyphen';
  }
  return undefined;
}

/** The rule that `trustDomain` breaks, or undefined. https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md */
export function brokenTrustDomainRule(trustDomain: string): string | undefined {
  if (trustDomain.length > MAX_TRUST_DOMAIN) return `must have at most ${MAX_TRUST_DOMAIN} characters`;
  if (!/^[a-z0-9._-]+$/.test(trustDomain)) {
    return 'must have only lower-case letters, digits, dots, hyphens and underscores';
  }
  return undefined;
}

/** The rule that `name` breaks as a DNS name, or undefined. RFC 1123; one leading wildcard label is not allowed for clients. */
export function brokenDnsNameRule(name: string): string | undefined {
  if (name.length > 253) return 'must have at most 253 characters';
  const label = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
  if (!new RegExp(`^${label}(\\.${label})*$`).test(name)) {
    return 'must be a DNS name in lower case, without wildcards';
  }
  return undefined;
}

/** SPIFFE-ID specification, section 2; the path is not empty in an end-entity certificate (X509-SVID, section 4.1). */
const SPIFFE_ID = /^spiffe:\/\/[a-z0-9._-]+(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)+$/;

/** The rule that a client's SPIFFE ID breaks, or undefined; its parts have rules of their own. */
export function brokenSpiffeIdRule(id: string): string | undefined {
  return id.length <= MAX_SPIFFE_ID ? undefined : `must have at most ${MAX_SPIFFE_ID} characters`;
}

/** Whether it is the SPIFFE ID of a workload, whatever its trust domain. */
export function isSpiffeId(text: string): boolean {
  return SPIFFE_ID.test(text);
}

/** Whether a SPIFFE ID is of that trust domain, also when it can't be a client's. */
export function isOfTrustDomain(id: string, trustDomain: string): boolean {
  return id.startsWith(`spiffe://${trustDomain}/`);
}

export function spiffeId(trustDomain: string, clientName: string): string {
  return `spiffe://${trustDomain}/${clientName}`;
}

/** The client's name in a SPIFFE ID of `trustDomain`; undefined when the ID is of another domain or not ours in form. */
export function clientNameOf(id: string, trustDomain: string): string | undefined {
  if (!isOfTrustDomain(id, trustDomain)) return undefined;
  const name = id.slice(spiffeId(trustDomain, '').length);
  return brokenClientNameRule(name) === undefined ? name : undefined;
}

/** The name of the secret that holds the client's certificate. */
export function secretName(trustDomain: string, clientName: string): string {
  return `${trustDomain}/${clientName}`;
}

/**
 * The client whose secret it is, by the secret's ARN, in which a hyphen and six random characters follow the name:
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
 */
export function clientNameOfSecret(secretArn: string, trustDomain: string): string | undefined {
  const [, name = ''] = /^arn:[^:]+:secretsmanager:[^:]+:[^:]+:secret:(.+)-[A-Za-z0-9]{6}$/.exec(secretArn) ?? [];
  const prefix = secretName(trustDomain, '');
  if (!name.startsWith(prefix)) return undefined;
  const clientName = name.slice(prefix.length);
  return brokenClientNameRule(clientName) === undefined ? clientName : undefined;
}

/**
 * The name of the table that holds the mesh's registry. A table's name may have at most 255 characters, and a trust
 * domain that leaves room for a client in its SPIFFE IDs is shorter than that by more than the prefix.
 */
export function registryTableName(trustDomain: string): string {
  return `mtls-mesh.${trustDomain}`;
}

/** The rule that `name` breaks, or undefined. https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
export function brokenBucketNameRule(name: string): string | undefined {
  return /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) ? undefined : 'must be the name of a general purpose bucket';
}

/**
 * The rule that `key` breaks, or undefined. Keys go into ARNs, where `*` and `?` would match others, and into URLs, where
 * `..` would lead to others.
 */
export function brokenObjectKeyRule(key: string): string | undefined {
  if (!/^[\w./-]{1,1024}$/.test(key)) {
    return 'must be 1 to 1024 letters, digits, dots, hyphens, underscores and slashes';
  }
  return /(^|\/)\.{1,2}(\/|$)/.test(key) ? 'must have neither "." nor ".." between slashes' : undefined;
}

/**
 * The rule that `versionId` breaks, or undefined. S3 documents them as opaque, with slashes and plus signs in its examples:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html
 */
export function brokenObjectVersionRule(versionId: string): string | undefined {
  if (versionId === 'null') return 'must be a version of a bucket with versioning, as only that one never changes';
  return /^[\w.~+/=-]{1,1024}$/.test(versionId) ? undefined : 'must be the id of a version in S3';
}
