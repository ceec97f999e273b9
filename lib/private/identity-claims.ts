import { Stack, Stage, Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { type CertificateIdentity, canonicalIdentity } from '../../mesh/external-identity';
import type { ICertificateIssuer, ITrustAnchor } from '../interfaces';
import { refuse } from './validation';

/** For each app or stage, the paths of the constructs that have a name. */
const NAMES = new WeakMap<IConstruct, Map<string, string>>();

interface NameClaim {
  /** The property with the name. */
  readonly property: string;
  readonly name: string;
  /** Where no other construct may have the name: what messages call it, and what identifies it. */
  readonly within: { readonly what: string; readonly id: string };
}

/** Throws if another construct of the app, in any stack, has the name. */
function claim(construct: IConstruct, { property, name, within }: NameClaim): void {
  const assembly = Stage.of(construct) ?? construct.node.root;
  const paths = NAMES.get(assembly) ?? new Map<string, string>();
  NAMES.set(assembly, paths);
  const key = `${within.id} ${property} ${name}`;
  const other = paths.get(key);
  if (other !== undefined) {
    refuse(
      construct,
      property,
      `must be unique within ${within.what}`,
      `${JSON.stringify(name)}, the name of ${other}`,
    );
  }
  paths.set(key, construct.node.path);
}

/** Throws if another client of either kind has the name in the same mesh. */
export function claimClientName(client: IConstruct, issuer: ICertificateIssuer, name: string): void {
  claim(client, { property: 'clientName', name, within: { what: 'the mesh', id: meshOf(issuer) } });
}

/** Throws if another service has the name in the same mesh. */
export function claimServiceName(service: IConstruct, issuer: ICertificateIssuer, name: string): void {
  claim(service, { property: 'serviceName', name, within: { what: 'the mesh', id: meshOf(issuer) } });
}

/** Throws if the account and Region have another registry, or another gateway, with the name. Passes tokens. */
export function claimRegionalName(construct: IConstruct, property: 'trustDomain' | 'domainName', name: string): void {
  if (Token.isUnresolved(name)) return;
  claim(construct, { property, name, within: { what: 'the account and Region', id: environmentOf(construct) } });
}

/** An account has one registry for each trust domain in a Region, whatever the number of issuers. */
function meshOf(issuer: ICertificateIssuer): string {
  return Token.isUnresolved(issuer.trustDomain) ? issuer.node.path : `${environmentOf(issuer)} ${issuer.trustDomain}`;
}

/** The account and Region. Stacks that don't know theirs may be deployed to different ones, so that each counts alone. */
function environmentOf(construct: IConstruct): string {
  const stack = Stack.of(construct);
  const { account, region } = stack;
  return Token.isUnresolved(account) || Token.isUnresolved(region) ? stack.node.path : `${account} ${region}`;
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
