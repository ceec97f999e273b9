import type { RegistryCertificate, RegistryClient, RegistryExternalClient } from '../../registry/records';
import { certificateStatus } from '../../registry/status';
import { awsMesh } from '../shared/aws-mesh';
import { type AnyClient, type ClientInventory, isExternal, showClient } from '../shared/inventory';
import type { MeshOptions } from '../shared/mesh-command';
import { coloredStatus, colors, shortTime } from '../shared/terminal';

export async function runShow(clientName: string, options: MeshOptions): Promise<void> {
  const mesh = awsMesh(options.mesh);
  const client = await showClient(mesh, clientName);
  console.log((options.json ? clientAsJson : clientAsText)(client, mesh.now()));
}

/** Attributes that concern the registry alone. */
const INTERNAL: readonly string[] = [
  'declaredBy',
  'registeredBy',
  'identityIds',
  'signingAlgorithm',
  'currentCertificate',
  'currentIssuedAt',
  'publicKeyHash',
  'expiryReportedAt',
  'expiresAt',
] satisfies readonly (keyof RegistryClient | keyof RegistryExternalClient | keyof RegistryCertificate)[];

function printed(record: object): object {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !INTERNAL.includes(name)));
}

/** The client's record with its certificates. The `status` of each is its status now, not the one in the registry. */
export function clientAsJson(inventory: ClientInventory, at: Date): string {
  const { client, external, certificates, current, lastRotation } = inventory;
  return JSON.stringify({
    ...printed({ ...external, ...client }),
    lastRotation,
    certificates: certificates.map((certificate) => ({
      ...printed(certificate),
      status: certificateStatus(certificate, at),
      current: certificate === current,
    })),
  });
}

export function clientAsText(inventory: ClientInventory, at: Date): string {
  const { client, external, certificates, current, lastRotation } = inventory;
  const facts: Fact[] = [
    ['Client', client.clientName],
    ['SPIFFE ID', client.spiffeId],
    ['State', `${coloredStatus(client.state)} since ${shortTime(client.updatedAt)} by ${client.updatedBy}`],
    ...originOf(client, lastRotation),
    ...(external ? originOf(external) : []),
  ];
  return [facts, ...certificates.map((each) => certificateFacts(each, each === current, at))]
    .map((paragraph) => paragraph.map(([name, value]) => `${colors.bold(name.padEnd(16))}${value}`).join('\n'))
    .join('\n\n');
}

function certificateFacts(certificate: RegistryCertificate, isCurrent: boolean, at: Date): readonly Fact[] {
  const { serialNumber, issuer, secretVersionId, issuedAt, requestedBy, issuedBy, notAfter } = certificate;
  const { revokedAt, revokedBy, revocationReason } = certificate;
  return [
    ['Serial number', serialNumber],
    ['Status', `${coloredStatus(certificateStatus(certificate, at))}${isCurrent ? ', current' : ''}`],
    ...(revokedAt ? [['Revoked', `${shortTime(revokedAt)} by ${revokedBy} (${revocationReason})`] as const] : []),
    ['Issued', `${shortTime(issuedAt)} by ${requestedBy ?? issuedBy}`],
    ['Expires', shortTime(notAfter)],
    ['Secret version', secretVersionId ?? 'none'],
    ['Issuer', issuer],
  ];
}

type Fact = readonly [name: string, value: string];

/** Where the client's certificates come from. */
function originOf(client: AnyClient, lastRotation = 'none'): readonly Fact[] {
  if (isExternal(client)) {
    return [
      ['Trust anchor', `${client.trustAnchor}, whose first authority expires ${shortTime(client.authoritiesNotAfter)}`],
      ['Recognized by', `${client.identityKind} ${client.identityValue}`],
    ];
  }
  return [
    ['Secret', client.secretId ?? 'none: the client keeps its own key'],
    ...(client.requesters ?? []).map((requester): Fact => ['May request', requester]),
    ['DNS names', client.dnsNames.join(', ') || 'none'],
    ['Certificates', `${client.keyAlgorithm}, ${client.validityHours} hours`],
    ['Authority', client.certificateAuthorityArn],
    ['Last rotation', shortTime(lastRotation)],
    ...(client.rotationFailedAt
      ? [['Rotation failed', `${shortTime(client.rotationFailedAt)}: ${client.rotationFailure}`] as const]
      : []),
  ];
}
