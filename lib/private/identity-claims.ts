import { Stack, Stage, Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { type CertificateIdentity, canonicalIdentity } from '../../mesh/external-identity';
import type { ICertificateIssuer, ITrustAnchor } from '../interfaces';
import { refuse } from './validation';

/** For each app or stage, the paths of its clients of either kind by mesh and name. */
const CLIENTS = new WeakMap<IConstruct, Map<string, string>>();

/** Throws if another construct of the app, in any stack, has the name in the same mesh. */
export function claimClientName(client: IConstruct, issuer: ICertificateIssuer, clientName: string): void {
  const assembly = Stage.of(issuer) ?? issuer.node.root;
  const paths = CLIENTS.get(assembly) ?? new Map<string, string>();
  CLIENTS.set(assembly, paths);
  const key = `${meshOf(issuer)} ${clientName}`;
  const other = paths.get(key);
  if (other !== undefined) {
    refuse(
      client,
      'clientName',
      'must be unique within the mesh',
      `${JSON.stringify(clientName)}, the name of ${other}`,
    );
  }
  paths.set(key, client.node.path);
}

/** An account has one registry for each trust domain in a Region, whatever the number of issuers. */
function meshOf(issuer: ICertificateIssuer): string {
  const { account, region } = Stack.of(issuer);
  return Token.isUnresolved(issuer.trustDomain) ? issuer.node.path : `${account} ${region} ${issuer.trustDomain}`;
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
