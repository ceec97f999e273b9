import type { IConstruct } from 'constructs';
import { type CertificateIdentity, canonicalIdentity } from '../../mesh/external-identity';
import type { ITrustAnchor } from '../interfaces';

/** For each trust anchor, the paths of its external clients by identity. */
const OWNERS = new WeakMap<ITrustAnchor, Map<string, string>>();

/**
 * Records that certificates of a trust anchor with this identity belong to `client`, unless they belong to another one.
 * @returns the path of the client that the identity belongs to
 */
export function claimIdentity(trustAnchor: ITrustAnchor, identity: CertificateIdentity, client: IConstruct): string {
  const owners = OWNERS.get(trustAnchor) ?? new Map<string, string>();
  OWNERS.set(trustAnchor, owners);
  const { kind, value } = canonicalIdentity(identity);
  const key = `${kind} ${value}`;
  const owner = owners.get(key) ?? client.node.path;
  owners.set(key, owner);
  return owner;
}
