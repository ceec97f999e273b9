import { readFileSync } from 'node:fs';
import type { AssembledStack } from './cloudformation/assembly';
import { type ResourceDeclaration, readTemplate } from './cloudformation/template';

/** A port on 127.0.0.1, or the URL of a server without a path, by service. */
export type SandboxTargets = Readonly<Record<string, number | string>>;

/** @throws Error with the name of a service whose target is neither a port nor such a URL */
export function readTargets(targets: SandboxTargets): ReadonlyMap<string, URL> {
  return new Map(Object.entries(targets).map(([name, target]) => [name, originOf(name, target)]));
}

/**
 * A target of a service that doesn't exist is a mistake in its name.
 * @throws Error with the names of the services in the stacks and those nested in them
 */
export function refuseUnknownServices(targets: ReadonlyMap<string, URL>, stacks: readonly AssembledStack[]): void {
  if (targets.size === 0) return;
  const templates = stacks.flatMap(({ template, fileAssets }) => [template, ...nestedTemplates(fileAssets)]);
  const resources = [...new Set(templates)].flatMap((template) => Object.values(readTemplate(template).resources));
  const names = resources.map(serviceName);
  for (const name of targets.keys()) {
    if (names.includes(name)) continue;
    const known = [...new Set(names)].filter((each) => /^[\w-]+$/.test(each)).sort();
    throw new Error(`the target ${name} must be a service of the stack; it has ${known.join(', ') || 'none'}`);
  }
}

/** The first segment of the path of a route, or of a resource of a REST API directly below the root. */
function serviceName({ type, properties }: ResourceDeclaration): string {
  if (type === 'AWS::ApiGatewayV2::Route') return String(properties['RouteKey']).split(/[ /]+/)[1] ?? '';
  const isBelowRoot = JSON.stringify(properties['ParentId'] ?? '').includes('RootResourceId');
  return type === 'AWS::ApiGateway::Resource' && isBelowRoot ? String(properties['PathPart']) : '';
}

/** The templates of nested stacks are file assets, with the names that the CDK gives them. */
function nestedTemplates(fileAssets: ReadonlyMap<string, string>): readonly string[] {
  const paths = [...fileAssets.values()].filter((path) => path.endsWith('.nested.template.json'));
  return paths.map((path) => readFileSync(path, 'utf8'));
}

/** @throws Error unless it is the URL of a server that isn't one of AWS */
export function readFallback(endpoint: string): URL {
  const url = serverUrl(endpoint);
  if (url === undefined || /(^|\.)(amazonaws\.com(\.cn)?|api\.aws)\.?$/.test(url.hostname)) {
    throw new Error(
      `fallbackEndpoint must be the URL of an emulator, such as http://127.0.0.1:4566, got ${JSON.stringify(endpoint)}`,
    );
  }
  return url;
}

function originOf(name: string, target: number | string): URL {
  const isPort = typeof target === 'number' || /^\d+$/.test(target);
  if (isPort && isPortNumber(Number(target))) return new URL(`http://127.0.0.1:${target}`);
  const url = isPort ? undefined : serverUrl(String(target));
  if (url !== undefined) return url;
  throw new Error(
    `the target of ${name} must be a port from 1 to 65535, or a URL such as http://127.0.0.1:8080, ` +
      `got ${JSON.stringify(target)}`,
  );
}

/** The URL, if it has nothing but a scheme and a host. */
function serverUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/` ? url : undefined;
}

function isPortNumber(number: number): boolean {
  return Number.isInteger(number) && number >= 1 && number <= 65_535;
}
