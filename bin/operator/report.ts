/** What the operator's commands print: text for a person, or lines of JSON. */
import type { RegistryCertificate } from '../../registry/records';
import { certificateStatus } from '../../registry/status';
import { table } from '../table';
import { type AnyClient, type ClientInventory, isExternal } from './inventory';
import type { RevokedCertificate } from './revoke';

/** A client in `list`. Absent fields have no value. */
interface ListedClient {
  readonly clientName: string;
  readonly spiffeId: string;
  readonly state: 'ENABLED' | 'DISABLED';
  readonly serialNumber?: string;
  readonly notAfter?: string;
  readonly status?: string;
  readonly lastRotation?: string;
  /** The trust anchor and the identity of an external client; absent when the mesh issues the certificates. */
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
    status: current && certificateStatus(current, at),
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

/** The client's record with its certificates. The `status` of each is its status now, not the one in the registry. */
export function clientAsJson({ client, certificates, current, lastRotation }: ClientInventory, at: Date): string {
  return JSON.stringify({
    ...client,
    lastRotation,
    certificates: certificates.map((certificate) => ({
      ...certificate,
      status: certificateStatus(certificate, at),
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
    statusText(certificate, certificate === current, at),
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

/** Where the client's certificates come from. */
function originOf(client: AnyClient, lastRotation = 'none'): readonly Fact[] {
  if (isExternal(client)) {
    return [
      ['Trust anchor', `${client.trustAnchor}, whose first authority expires ${client.authoritiesNotAfter}`],
      ['Recognized by', `${client.identityKind} ${client.identityValue}`],
    ];
  }
  return [
    ['Secret', client.secretId ?? 'none: the client keeps its own key'],
    ...(client.requesters ?? []).map((requester): Fact => ['May request', requester]),
    ['DNS names', client.dnsNames.join(', ') || 'none'],
    ['Certificates', `${client.keyAlgorithm}, ${client.validityHours} hours, from ${client.certificateAuthorityArn}`],
    ['Last rotation', lastRotation],
  ];
}

function statusText(certificate: RegistryCertificate, isCurrent: boolean, at: Date): string {
  const status = `${certificateStatus(certificate, at)}${isCurrent ? ', current' : ''}`;
  const { revokedAt, revokedBy, revocationReason } = certificate;
  return revokedAt === undefined ? status : `${status}\n${revocationReason}\n${revokedAt}\nby ${revokedBy}`;
}

/** The result of a revocation: a line for each certificate. */
export function revocationAsText(clientName: string, revoked: readonly RevokedCertificate[]): string {
  if (revoked.length === 0) return `${clientName} has no certificate left to revoke`;
  return revoked
    .map(({ certificate: { serialNumber, revokedAt, revocationReason }, already }) =>
      already
        ? `${clientName} ${serialNumber} is already revoked${revokedAt ? `, since ${revokedAt} (${revocationReason})` : ''}`
        : `${clientName} ${serialNumber} is revoked (${revocationReason})`,
    )
    .join('\n');
}
