import type { Segment } from './path-pattern';

/**
 * Addresses that stand in for the backends of HTTP integrations, by service: the first segment of the routes. The sandbox
 * has no VPC, so the backend behind a VPC link needs one.
 */
export class Targets {
  /** @param origins URLs without path */
  constructor(private readonly origins: ReadonlyMap<string, URL>) {}

  originOf(service: string): URL | undefined {
    return this.origins.get(service);
  }

  /** @throws Error if the service is a Lambda function and has an address, which nothing would call */
  assertNone(service: string): void {
    if (!this.origins.has(service)) return;
    throw new Error(`the service ${service} is a Lambda function, which the sandbox runs itself: remove its target`);
  }

  /** @throws Error if the backend of the route is in a VPC and has no address */
  requireOrigin(service: string, route: string, targetArn: string): URL {
    const origin = this.origins.get(service);
    if (origin) return origin;
    throw new Error(
      `the route ${route} leads to ${targetArn} in a VPC, which the sandbox does not have: run the service on this machine, ` +
        `and name its port with \`targets: { '${service}': 8080 }\` or \`mtls-mesh up --target ${service}=8080\``,
    );
  }
}

/** The first segment of a path. Empty if it is a variable, or if the path has none. */
export function serviceOf(segments: readonly Segment[] = []): string {
  const [first] = segments;
  return first?.kind === 'static' ? first.text : '';
}
