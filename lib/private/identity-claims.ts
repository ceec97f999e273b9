import { Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { type CertificateIdentity, canonicalIdentity } from '../../mesh/external-identity';
import type { ICertificateIssuer, ITrustAnchor } from '../interfaces';
import { refuse } from './validation';

/** For each issuer, the paths of its clients of either kind by name. */
const CLIENTS = new WeakMap<ICertificateIssuer, Map<string, string>>();

/** Throws if another construct of the app has the name. Tokens can't be compared. */
export function claimClientName(client: IConstruct, issuer: ICertificateIssuer, clientName: string): void {
  if (Token.isUnresolved(clientName)) return;
  const paths = CLIENTS.get(issuer) ?? new Map<string, string>();
  CLIENTS.set(issuer, paths);
  const other = paths.get(clientName);
  if (other !== undefined) {
    refuse(
      client,
      'clientName',
      'must be unique within the mesh',
      `${JSON.stringify(clientName)}, the name of ${other}`,
    );
  }
  paths.set(clientName, client.node.path);
}

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
