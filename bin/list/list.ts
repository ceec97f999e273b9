import { certificateStatus } from '../../registry/status';
import { awsMesh } from '../shared/aws-mesh';
import { type ClientSummary, isExternal, listClients } from '../shared/inventory';
import type { MeshOptions } from '../shared/mesh-command';
import { table } from '../shared/table';
import { coloredStatus, colors, shortTime, width } from '../shared/terminal';

export async function runList(options: MeshOptions): Promise<void> {
  const mesh = awsMesh(options.mesh);
  const clients = await listClients(mesh);
  if (!options.json) console.log(listAsTable(clients, mesh.now()));
  else if (clients.length > 0) console.log(listAsJson(clients, mesh.now()));
}

/** A client in the list. Absent fields have no value. */
interface ListedClient {
  readonly clientName: string;
  readonly spiffeId: string;
  readonly state: 'ENABLED' | 'DISABLED';
  readonly serialNumber?: string;
  readonly notAfter?: string;
  readonly status?: string;
  readonly lastRotation?: string;
  /** A rotation that failed since the current certificate became so, and why. */
  readonly rotationFailedAt?: string;
  readonly rotationFailure?: string;
  /** The trust anchor and the identity of an external client; absent when only the mesh issues the certificates. */
  readonly trustAnchor?: string;
  readonly identityKind?: string;
  readonly identityValue?: string;
}

function listed({ client, external, current, lastRotation }: ClientSummary, at: Date): ListedClient {
  const { clientName, spiffeId, state } = client;
  const { trustAnchor, identityKind, identityValue } = (isExternal(client) ? client : external) ?? {};
  const { serialNumber, notAfter } = current ?? {};
  const { rotationFailedAt, rotationFailure } = isExternal(client) ? {} : client;
  return {
    clientName,
    spiffeId,
    state,
    serialNumber,
    notAfter,
    status: current && certificateStatus(current, at),
    lastRotation,
    rotationFailedAt,
    rotationFailure,
    trustAnchor,
    identityKind,
    identityValue,
  };
}

/** A line of JSON for each client. */
export function listAsJson(clients: readonly ClientSummary[], at: Date): string {
  return clients.map((client) => JSON.stringify(listed(client, at))).join('\n');
}

/** @param limit the width in columns */
export function listAsTable(clients: readonly ClientSummary[], at: Date, limit = width()): string {
  const all = clients.map((client) => listed(client, at));
  const rows = all.map((client) => {
    const { clientName, state, serialNumber, notAfter, status, lastRotation, rotationFailedAt, trustAnchor } = client;
    const expires = shortTime(notAfter);
    const rotated = rotationFailedAt ? colors.red('failed') : shortTime(lastRotation);
    const cells = [coloredStatus(state), serialNumber, expires, coloredStatus(status), rotated, trustAnchor];
    return [clientName, ...cells.map((cell) => cell ?? '')];
  });
  const hasFailures = all.some(({ rotationFailedAt }) => rotationFailedAt !== undefined);
  const hasTrustAnchors = rows.some((row) => row.at(-1) !== '');
  const columns = [
    { head: 'Client' },
    { head: 'State' },
    { head: 'Serial number', leftOut: 1 },
    { head: 'Expires' },
    { head: 'Status' },
    // An operator looks here for a rotation that has failed.
    { head: 'Last rotation', ...(!hasFailures && { leftOut: 2 }) },
    ...(hasTrustAnchors ? [{ head: 'Trust anchor' }] : []),
  ];
  return table(
    columns,
    rows.map((row) => row.slice(0, columns.length)),
    limit,
  );
}
