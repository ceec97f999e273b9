import {
  CLIENT_CERTIFICATE_RESOURCE_TYPE,
  EXTERNAL_CLIENT_RESOURCE_TYPE,
  SERVICE_RESOURCE_TYPE,
} from '../../../mesh/custom-resources';
import { parseDeclaredGrant } from '../../../mesh/grant';
import { readAssembly } from '../../../sandbox/cloudformation/assembly';
import { type GrantedClient, type GrantedService, type MeshGrants, meshGrants } from './mesh-grants';

/** The grants in the templates of a `cdk.out` directory. @throws AssemblyError for another directory */
export function synthesizedGrants(directory: string): MeshGrants {
  const services: GrantedService[] = [];
  const clients: GrantedClient[] = [];
  for (const { Type, Properties = {} } of readAssembly(directory).flatMap(({ template }) => resourcesIn(template))) {
    if (Type === SERVICE_RESOURCE_TYPE) services.push(serviceIn(Properties));
    if (Type === CLIENT_CERTIFICATE_RESOURCE_TYPE) clients.push(clientIn(Properties['ClientName']));
    if (Type === EXTERNAL_CLIENT_RESOURCE_TYPE) {
      const name = String(Properties['SpiffeId']).split('/').at(-1);
      clients.push({ ...clientIn(name), trustAnchor: String(Properties['TrustAnchorName']) });
    }
  }
  return meshGrants(services, clients);
}

interface Resource {
  readonly Type?: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

function resourcesIn(template: string): readonly Resource[] {
  const { Resources = {} } = JSON.parse(template) as { readonly Resources?: Readonly<Record<string, Resource>> };
  return Object.values(Resources);
}

function serviceIn({ ServiceName, ApiId, Grants }: Readonly<Record<string, unknown>>): GrantedService {
  const lines = Array.isArray(Grants) ? Grants.map(String) : [];
  return {
    serviceName: String(ServiceName),
    // A reference, which is the same for all services of the API.
    apiId: JSON.stringify(ApiId),
    grants: lines.flatMap((line) => parseDeclaredGrant(line) ?? []),
  };
}

function clientIn(clientName: unknown): GrantedClient {
  return { clientName: String(clientName), disabled: false };
}
