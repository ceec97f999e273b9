import { expiringFrom } from '../../mesh/expiry';
import { certificateStatus } from '../../registry/status';
import { clientId, drawingOf } from '../graph/drawing';
import { edgesOf } from '../graph/edges';
import type { MeshGrants } from '../shared/grants/mesh-grants';
import { type AnyClient, type ClientSummary, isExternal } from '../shared/inventory';
import type { ClientView, CurrentCertificateView, RegistryView, TrustAnchorView } from './state';

export function registryView(clients: readonly ClientSummary[], grants: MeshGrants, at: Date): RegistryView {
  return { clients: clients.map((client) => clientView(client, at)), drawing: drawingOf(grants, edgesOf(grants)) };
}

function clientView({ client, external, current, lastRotation }: ClientSummary, at: Date): ClientView {
  const { clientName, spiffeId, state, updatedAt, updatedBy } = client;
  return {
    clientName,
    nodeId: clientId(clientName),
    spiffeId,
    state,
    updatedAt,
    updatedBy,
    issuance: issuanceOf(client),
    trustAnchor: trustAnchorView(isExternal(client) ? client : external),
    current: current && certificateView(current, at),
    lastRotation,
    rotationFailure: rotationFailureOf(client),
  };
}

function issuanceOf(client: AnyClient): ClientView['issuance'] {
  if (isExternal(client)) return 'trust anchor';
  return client.secretId === undefined ? 'request' : 'rotation';
}

function rotationFailureOf(client: AnyClient): ClientView['rotationFailure'] {
  if (isExternal(client) || client.rotationFailedAt === undefined) return undefined;
  return { failedAt: client.rotationFailedAt, reason: client.rotationFailure ?? '' };
}

function trustAnchorView(client: ClientSummary['external']): TrustAnchorView | undefined {
  if (client === undefined) return undefined;
  const { trustAnchor: name, identityKind, identityValue, authoritiesNotAfter: notAfter } = client;
  return { name, identityKind, identityValue, notAfter };
}

function certificateView(certificate: Required<ClientSummary>['current'] & object, at: Date): CurrentCertificateView {
  const { serialNumber, notBefore, notAfter, authoritiesNotAfter } = certificate;
  return {
    serialNumber,
    notBefore,
    notAfter,
    expiringFrom: expiringFrom({ notBefore, notAfter }),
    authoritiesNotAfter,
    status: certificateStatus(certificate, at),
  };
}
