import type { Sandbox } from 'cdk-mtls-service-mesh/sandbox';
import { SERVICE_RESOURCE_TYPE, type ServiceProperties } from '../../mesh/custom-resources';
import { parseDeclaredGrant } from '../../mesh/grant';
import { resourcesOf } from './mesh-environment';

/** How long a service may take to answer. Milliseconds. */
const TIME_LIMIT = 5_000;

/** A call of a client that is worth trying. */
export interface ExampleCall {
  readonly url: string;
  /** @default - GET */
  readonly method?: string;
  /** The status of the answer to a GET request. Absent if the service was not asked, or did not answer. */
  readonly status?: number;
}

/**
 * Finds a call for each client that a service answers with 200, or the best there is: sends GET requests as the client, to the
 * services and to what grants let it call. Only services that answer on this machine are asked: functions, and those with targets.
 *
 * @param clientNames the clients with a secret
 * @param targets the names of the services with targets
 */
export async function exampleCalls(
  sandbox: Sandbox,
  clientNames: readonly string[],
  targets: readonly string[],
): Promise<ReadonlyMap<string, ExampleCall>> {
  const services = servicesOf(sandbox);
  const isOnThisMachine = ({ name, isFunction }: Service) => isFunction || targets.includes(name);
  const asked = services.filter(isOnThisMachine);
  const others = services.filter((service) => !isOnThisMachine(service));
  const calls = new Map<string, ExampleCall>();
  for (const clientName of clientNames) {
    const granted = asked.flatMap((service) => grantedCalls(sandbox, clientName, service));
    const urls = [...asked, ...granted.filter(({ method }) => method === undefined)].map(({ url }) => url);
    const tried = await Promise.all([...new Set(urls)].map((url) => tryCall(sandbox, clientName, url)));
    const answered = tried.filter(({ status }) => status !== undefined);
    const candidates: ExampleCall[] = [
      ...answered,
      ...granted.filter(({ method }) => method !== undefined),
      ...others.map(({ url }) => ({ url })),
    ];
    const [best] = candidates.sort((one, other) => rank(one) - rank(other));
    const call = best ?? (services[0] && { url: services[0].url });
    if (call) calls.set(clientName, call);
  }
  return calls;
}

/** The URLs of the mesh's services: the domain name with the fixed part of each route. */
export function serviceUrls(sandbox: Sandbox): readonly string[] {
  return servicesOf(sandbox).map(({ url }) => url);
}

/** The calls that the client's own grants name, without those of everything and of paths with parameters. */
function grantedCalls(sandbox: Sandbox, clientName: string, { name, url }: Service): readonly ExampleCall[] {
  const [service] = resourcesOf(sandbox, SERVICE_RESOURCE_TYPE)
    .map(({ properties }) => properties as unknown as ServiceProperties)
    .filter(({ ServiceName }) => ServiceName === name);
  return (service?.Grants ?? [])
    .flatMap((line) => parseDeclaredGrant(line) ?? [])
    .filter(({ clientName: granted, grant: { path } }) => granted === clientName && !/[*{]/.test(path))
    .map(({ grant: { methods, path } }) => {
      const isRead = methods === 'ANY' || methods.includes('GET');
      return { url: new URL(path, url).href, ...(!isRead && { method: methods[0] as string }) };
    });
}

interface Service {
  readonly name: string;
  readonly url: string;
  readonly isFunction: boolean;
}

/** Sorted by name. */
function servicesOf(sandbox: Sandbox): readonly Service[] {
  const [domain] = resourcesOf(sandbox, 'AWS::ApiGatewayV2::DomainName');
  const integrations = new Map(
    resourcesOf(sandbox, 'AWS::ApiGatewayV2::Integration').map(({ physicalId, properties }) => [
      `integrations/${physicalId}`,
      properties['IntegrationType'] === 'AWS_PROXY',
    ]),
  );
  const services = new Map<string, Service>();
  for (const { properties } of resourcesOf(sandbox, 'AWS::ApiGatewayV2::Route')) {
    const path = String(properties['RouteKey']).replace(/^\S+ /, '');
    if (!path.startsWith('/') || path.includes('{')) continue;
    const isFunction = integrations.get(String(properties['Target'])) ?? false;
    services.set(path, { name: path.slice(1), url: `https://${domain?.physicalId}${path}`, isFunction });
  }
  return [...services.values()].sort((one, other) => (one.url < other.url ? -1 : 1));
}

async function tryCall(sandbox: Sandbox, clientName: string, url: string): Promise<ExampleCall> {
  try {
    const response = await sandbox.fetch(clientName, url, { signal: AbortSignal.timeout(TIME_LIMIT) });
    await response.body?.cancel();
    return { url, status: response.status };
  } catch {
    return { url };
  }
}

/**
 * Lower is better: answers, errors of the request, calls that may change something and were not tried, refusals, services that
 * were not asked, and errors of services.
 */
function rank({ status, method }: ExampleCall): number {
  if (method !== undefined) return 2.5;
  if (status === undefined) return 4;
  if (status < 300) return 0;
  if (status < 400) return 1;
  if (status === 401 || status === 403) return 3;
  return status < 500 ? 2 : 5;
}
