import type { HttpIntegration, Integration, UrlIntegration } from '../state';
import type { RouteKey } from './route-selection';

/**
 * Addresses that stand in for the backends of HTTP integrations, by service: the first segment of the routes. The sandbox
 * has no VPC, so the backend behind a VPC link needs one.
 */
export class Targets {
  /** @param origins URLs without path */
  constructor(private readonly origins: ReadonlyMap<string, URL>) {}

  /** @throws Error if the integration needs an address and has none, or has one that it can't use */
  check(key: RouteKey, integration: Integration): void {
    const name = serviceOf(key);
    if (integration.kind === 'private' && !this.has(name)) throw missing(key, name, integration.targetArn);
    if (integration.kind === 'function' && this.has(name)) {
      throw new Error(`the service ${name} is a Lambda function, which the sandbox runs itself: remove its target`);
    }
  }

  /** The integration with the address that stands in for its backend. */
  applyTo(integration: HttpIntegration, key: RouteKey): UrlIntegration {
    const name = serviceOf(key);
    const origin = this.origins.get(name);
    if (integration.kind === 'url') return origin ? { ...integration, origin } : integration;
    if (!origin) throw missing(key, name, integration.targetArn);
    return { ...integration, kind: 'url', origin };
  }

  private has(name: string): boolean {
    return this.origins.has(name);
  }
}

/** The first segment of the route, or of every route if it is the default route. */
function serviceOf({ match }: RouteKey): string {
  const [first] = match?.segments ?? [];
  return first?.kind === 'static' ? first.text : '';
}

function missing({ text }: RouteKey, name: string, targetArn: string): Error {
  return new Error(
    `the route ${text} leads to ${targetArn} in a VPC, which the sandbox does not have: run the service on this machine, ` +
      `and name its port with \`targets: { '${name}': 8080 }\` or \`mtls-mesh up --target ${name}=8080\``,
  );
}
