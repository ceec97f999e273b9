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

export function spiffeId(trustDomain: string, clientName: string): string {
  return `spiffe://${trustDomain}/${clientName}`;
}

/** The client's name in a SPIFFE ID of `trustDomain`; undefined when the ID is of another domain or not ours in form. */
export function clientNameOf(id: string, trustDomain: string): string | undefined {
  const prefix = `spiffe://${trustDomain}/`;
  if (!id.startsWith(prefix)) return undefined;
  const name = id.slice(prefix.length);
  return brokenClientNameRule(name) === undefined ? name : undefined;
}

/** The name of the secret that holds the client's certificate. */
export function secretName(trustDomain: string, clientName: string): string {
  return `${trustDomain}/${clientName}`;
}
