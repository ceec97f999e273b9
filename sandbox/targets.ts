/** A port on 127.0.0.1, or the URL of a server without a path, by service. */
export type SandboxTargets = Readonly<Record<string, number | string>>;

/** @throws Error with the name of a service whose target is neither a port nor such a URL */
export function readTargets(targets: SandboxTargets): ReadonlyMap<string, URL> {
  return new Map(Object.entries(targets).map(([name, target]) => [name, originOf(name, target)]));
}

function originOf(name: string, target: number | string): URL {
  const isPort = typeof target === 'number' || /^\d+$/.test(target);
  if (isPort && isPortNumber(Number(target))) return new URL(`http://127.0.0.1:${target}`);
  const url = !isPort && URL.canParse(target) ? new URL(target) : undefined;
  const isServer = url && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`;
  if (isServer) return url;
  throw new Error(
    `the target of ${name} must be a port from 1 to 65535, or a URL such as http://127.0.0.1:8080, ` +
      `got ${JSON.stringify(target)}`,
  );
}

function isPortNumber(number: number): boolean {
  return Number.isInteger(number) && number >= 1 && number <= 65_535;
}
