/** The monthly price of what an app creates, in US dollars, as AWS charges it in us-east-1. */
import { Annotations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import type { ICertificateAuthority, ICertificateIssuer } from '../interfaces';
import type { MeshService } from '../mesh-service';
import { clientsOf } from './issuer-clients';

export interface MonthlyCost {
  /** Such as `a short-lived root`. */
  readonly what: string;
  readonly dollars: number;
}

/** An authority that this app creates. */
export interface PricedAuthority extends ICertificateAuthority {
  readonly monthlyCost: MonthlyCost;
  /** The authority above, when this one is a subordinate. */
  readonly root?: PricedAuthority;
  /** @param count certificates issued in a month */
  priceOfCertificates(count: number): number;
}

/** https://aws.amazon.com/private-ca/pricing/ */
export const ACM_PCA_PRICES = {
  generalPurpose: 400,
  shortLived: 50,
  shortLivedCertificate: 0.058,
  /** Up to so many certificates a month, one costs so much. */
  generalPurposeCertificates: [
    { upTo: 1_000, dollars: 0.75 },
    { upTo: 10_000, dollars: 0.35 },
    { upTo: Number.POSITIVE_INFINITY, dollars: 0.001 },
  ],
} as const;

/** An asymmetric key, and a signature with one. https://aws.amazon.com/kms/pricing/ */
export const KMS_PRICES = { key: 1, signature: 0.15 / 10_000 } as const;

/** https://aws.amazon.com/secrets-manager/pricing/ */
export const SECRET_PRICE = 0.4;

const CENT = 0.01;

/** The authorities whose price is part of that of a mesh. */
const inMeshes = new WeakSet<ICertificateAuthority>();

/** Makes synthesis print the monthly price of the issuer's authorities and of its clients. */
export function announceMeshPrice(issuer: ICertificateIssuer, authorities: readonly ICertificateAuthority[]): void {
  for (const authority of withRoots(authorities)) inMeshes.add(authority);
  announce(issuer, 'the mesh', () => costsOf(issuer, authorities));
}

/** Makes synthesis print the monthly price of an authority that no mesh of the app uses. */
export function announceAuthorityPrice<T extends PricedAuthority>(authority: T): T {
  announce(authority, 'this certificate authority', () =>
    inMeshes.has(authority) ? [] : withRoots([authority]).map(({ monthlyCost }) => monthlyCost),
  );
  return authority;
}

/** Once the app is complete. Nothing is printed if there are no costs. */
function announce(scope: IConstruct, what: string, findCosts: () => readonly MonthlyCost[]): void {
  const validate = () => {
    const costs = findCosts();
    const total = costs.reduce((sum, { dollars }) => sum + dollars, 0);
    const parts = costs.map((cost) => `$${rounded(cost.dollars)} for ${cost.what}`);
    const message =
      `${what} costs about $${rounded(total)} a month (${parts.join(', ')}) in us-east-1, without requests, logs, and ` +
      'alarms: see docs/prices.md of cdk-mtls-service-mesh';
    if (costs.length > 0) Annotations.of(scope).addInfoV2('cdk-mtls-service-mesh:monthlyPrice', message);
    return [];
  };
  scope.node.addValidation({ validate });
}

function costsOf(issuer: ICertificateIssuer, authorities: readonly ICertificateAuthority[]): readonly MonthlyCost[] {
  const rotations = clientsOf(issuer).flatMap(({ _monthlyRotations: rotations }) => rotations ?? []);
  const certificates = Math.round(rotations.reduce((sum, count) => sum + count, 0));
  const costs = withRoots(authorities).map(({ monthlyCost }) => monthlyCost);
  const issuing = authorities.at(-1);
  const dollars = issuing && isPriced(issuing) ? issuing.priceOfCertificates(certificates) : 0;
  if (dollars >= CENT) costs.push({ what: counted(certificates, 'certificate'), dollars });
  const secrets = rotations.length + gatewaySecretsOf(issuer);
  if (secrets > 0) costs.push({ what: counted(secrets, 'secret'), dollars: secrets * SECRET_PRICE });
  return costs;
}

/** How many secrets the services of an issuer add. A service of another copy of the package counts as well. */
function gatewaySecretsOf(issuer: ICertificateIssuer): number {
  const constructs: readonly (IConstruct & Partial<Pick<MeshService, '_gatewaySecretsBy'>>)[] =
    issuer.node.root.node.findAll();
  return constructs.reduce((sum, construct) => sum + (construct._gatewaySecretsBy?.(issuer) ?? 0), 0);
}

/** What this app creates of them, and the roots above, each once. */
function withRoots(authorities: readonly ICertificateAuthority[]): readonly PricedAuthority[] {
  const priced = authorities.filter(isPriced);
  return [...new Set(priced.flatMap((authority) => (authority.root ? [authority.root, authority] : [authority])))];
}

function isPriced(authority: ICertificateAuthority): authority is PricedAuthority {
  return ('monthlyCost' satisfies keyof PricedAuthority) in authority;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** To cents below ten dollars, and to dollars above. */
function rounded(dollars: number): string {
  const cents = Math.round(dollars * 100);
  return (cents / 100).toFixed(dollars < 10 && cents % 100 !== 0 ? 2 : 0);
}
