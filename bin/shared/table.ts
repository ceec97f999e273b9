import Table from 'cli-table3';
import type { ClientSecret } from '../../mesh/client-secret';

/** Rows under a head, for a person to read. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const drawn = new Table({ head: [...head], style: { head: [], border: [] } });
  for (const row of rows) drawn.push([...row]);
  return drawn.toString();
}

/** The clients of a mesh in the sandbox with their current certificates. */
export function clientTable(secrets: readonly ClientSecret[]): string {
  return table(
    ['Client', 'SPIFFE ID', 'Serial number', 'Expires'],
    secrets.map(({ clientName, spiffeId, serialNumber, notAfter }) => [clientName, spiffeId, serialNumber, notAfter]),
  );
}
