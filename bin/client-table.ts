import Table from 'cli-table3';
import type { ClientSecret } from '../pki/contract';

/** The clients of a mesh with their current certificates, for a person to read. */
export function clientTable(secrets: readonly ClientSecret[]): string {
  const table = new Table({
    head: ['Client', 'SPIFFE ID', 'Serial number', 'Expires'],
    style: { head: [], border: [] },
  });
  for (const { clientName, spiffeId, serialNumber, notAfter } of secrets) {
    table.push([clientName, spiffeId, serialNumber, notAfter]);
  }
  return table.toString();
}
