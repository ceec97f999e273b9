import type { ClientSecret } from '../mesh/client-secret';
import { table } from './table';

/** The clients of a mesh with their current certificates. */
export function clientTable(secrets: readonly ClientSecret[]): string {
  return table(
    ['Client', 'SPIFFE ID', 'Serial number', 'Expires'],
    secrets.map(({ clientName, spiffeId, serialNumber, notAfter }) => [clientName, spiffeId, serialNumber, notAfter]),
  );
}
