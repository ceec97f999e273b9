/** What an operator reads: for a person, or as one line of JSON. */
import type { RegistryCertificate } from '../../registry/records';
import { table } from '../table';
import { type ClientInventory, isExternal, standingOf } from './inventory';
import type { RegistryEntry } from './mesh';
import type { RevokedCertificate } from './revocation';

/** A client in `list`. Absent fields have no value. */
interface ListedClient {
  readonly clientName: string;
  readonly spiffeId: string;
  readonly state: 'ENABLED' | 'DISABLED';
  readonly serialNumber?: string;
  readonly notAfter?: string;
  readonly status?: string;
  readonly lastRotation?: string;
  /** From where its certificates come, and which of them are its own; absent when they come from the mesh. */
  readonly trustAnchor?: string;
  readonly identityKind?: string;
  readonly identityValue?: string;
}

function listed({ client, current, lastRotation }: ClientInventory, at: Date): ListedClient {
  const { clientName, spiffeId, state } = client;
  if (isExternal(client)) {
    const { trustAnchor, identityKind, identityValue } = client;
    return { clientName, spiffeId, state, trustAnchor, identityKind, identityValue };
  }
  const { serialNumber, notAfter } = current ?? {};
  return {
    clientName,
    spiffeId,
    state,
    serialNumber,
    notAfter,
    status: current && standingOf(current, at),
    lastRotation,
  };
}

/** A line of JSON for each client. */
export function listAsJson(clients: readonly ClientInventory[], at: Date): string {
  return clients.map((client) => JSON.stringify(listed(client, at))).join('\n');
}

export function listAsTable(clients: readonly ClientInventory[], at: Date): string {
  const rows = clients.map((client) => {
    const { clientName, state, serialNumber, notAfter, status, lastRotation, trustAnchor } = listed(client, at);
    return [clientName, state, serialNumber, notAfter, status, lastRotation, trustAnchor].map((cell) => cell ?? '');
  });
  return table(['Client', 'State', 'Serial number', 'Expires', 'Status', 'Last rotation', 'Trust anchor'], rows);
}

/** The client's item of the registry with its certificates, each with what it is worth now as `standing`. */
export function clientAsJson({ client, certificates, current, lastRotation }: ClientInventory, at: Date): string {
  return JSON.stringify({
    ...client,
    lastRotation,
    certificates: certificates.map((certificate) => ({
      ...certificate,
      standing: standingOf(certificate, at),
      current: certificate === current,
    })),
  });
}

export function clientAsText({ client, certificates, current, lastRotation }: ClientInventory, at: Date): string {
  const facts: Fact[] = [
    ['Client', client.clientName],
    ['SPIFFE ID', client.spiffeId],
    ['State', `${client.state} since ${client.updatedAt} by ${client.updatedBy}`],
    ...originOf(client, lastRotation),
  ];
  const rows = certificates.map((certificate) => [
    certificate.serialNumber,
    certificate.secretVersionId ?? 'none',
    `${certificate.issuedAt}\nby ${certificate.requestedBy ?? certificate.issuedBy}`,
    certificate.notAfter,
    statusOf(certificate, certificate === current, at),
  ]);
  return [
    ...facts.map(([name, value]) => `${name.padEnd(15)}${value}`),
    ...(rows.length > 0 || !isExternal(client)
      ? ['', table(['Serial number', 'Secret version', 'Issued', 'Expires', 'Status'], rows)]
      : []),
    ...[...new Set(certificates.map(({ issuer }) => issuer))].map((issuer) => `Issuer: ${issuer}`),
  ].join('\n');
}

type Fact = readonly [name: string, value: string];

/** From where a client's certificates come. */
function originOf(client: RegistryEntry['client'], lastRotation = 'none'): readonly Fact[] {
  if (isExternal(client)) {
    return [
      ['Trust anchor', `${client.trustAnchor}, whose first authority expires ${client.authoritiesNotAfter}`],
      ['Recognized by', `${client.identityKind} ${client.identityValue}`],
    ];
  }
  return [
    ['Secret', client.secretId ?? 'none: it keeps its own key'],
    ...(client.requesters ?? []).map((requester): Fact => ['May request', requester]),
    ['DNS names', client.dnsNames.join(', ') || 'none'],
    ['Certificates', `${client.keyAlgorithm}, ${client.validityHours} hours, from ${client.certificateAuthorityArn}`],
    ['Last rotation', lastRotation],
  ];
}

function statusOf(certificate: RegistryCertificate, isCurrent: boolean, at: Date): string {
  const standing = `${standingOf(certificate, at)}${isCurrent ? ', current' : ''}`;
  const { revokedAt, revokedBy, revocationReason } = certificate;
  return revokedAt === undefined ? standing : `${standing}\n${revocationReason}\n${revokedAt}\nby ${revokedBy}`;
}

/** What a revocation came to: a line for each certificate. */
export function revocationAsText(clientName: string, revoked: readonly RevokedCertificate[]): string {
  if (revoked.length === 0) return `${clientName} has no certificate left to revoke`;
  return revoked
    .map(({ certificate: { serialNumber, revokedAt, revocationReason }, already }) =>
      already
        ? `${clientName} ${serialNumber} is revoked already${revokedAt ? `, since ${revokedAt} (${revocationReason})` : ''}`
        : `${clientName} ${serialNumber} is revoked (${revocationReason})`,
    )
    .join('\n');
}
