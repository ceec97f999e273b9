import { ALL_CLIENTS, grantText } from '../../mesh/grant';
import { pathProblem } from '../../mesh/request-path';
import { decidingGrant, grantEntry, heldGrant } from '../../registry/admission';
import type { MeshGrants } from '../shared/grants/mesh-grants';
import { type GrantsSource, readGrants } from '../shared/grants/source';
import { colors } from '../shared/terminal';

export interface CanOptions extends GrantsSource {
  readonly json?: true;
}

/** A request that a client may make or not. */
export interface PossibleRequest {
  readonly client: string;
  /** In capitals. */
  readonly method: string;
  readonly path: string;
}

export type Answer =
  | { readonly allowed: true; readonly grant: string; readonly service: string }
  | { readonly allowed: false; readonly reason: string };

const REFUSED = 3;

export async function runCan(request: PossibleRequest, options: CanOptions): Promise<void> {
  const answer = answerOf(request, await readGrants(options));
  if (options.json) console.log(JSON.stringify({ ...request, ...answer }));
  else if (answer.allowed) console.log(`${colors.green('yes')}, by the grant "${answer.grant}" of ${answer.service}`);
  else console.log(`${colors.red('no')}: ${answer.reason}`);
  if (!answer.allowed) process.exitCode = REFUSED;
}

/** What the authorizer answers a client with a valid certificate. */
export function answerOf({ client, method, path }: PossibleRequest, { services, clients }: MeshGrants): Answer {
  const problem = pathProblem(path);
  if (problem !== undefined) return refused(`the path is ambiguous: it ${problem}`);
  const known = clients.find(({ clientName }) => clientName === client);
  if (known === undefined) return refused(`the mesh has no client ${client}`);
  if (known.disabled) return refused(`the client ${client} is disabled`);
  for (const { serviceName, apiId, grants } of services) {
    const held = grants
      .filter(({ clientName }) => clientName === client || clientName === ALL_CLIENTS)
      .flatMap(({ grant }) => heldGrant(grantEntry(apiId, grantText(grant))) ?? []);
    const grant = decidingGrant(held, { apiId, methods: [method], path });
    if (grant !== undefined) return { allowed: true, grant, service: serviceName };
  }
  return refused(`no grant lets ${client} call ${method} ${path}`);
}

function refused(reason: string): Answer {
  return { allowed: false, reason };
}
