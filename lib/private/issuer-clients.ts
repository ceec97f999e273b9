import type { ICertificateIssuer } from '../interfaces';
import { MeshClient } from '../mesh-client';

/** The clients of this app that the issuer issues certificates to. Complete once the app is. */
export function clientsOf(issuer: ICertificateIssuer): readonly MeshClient[] {
  const constructs = issuer.node.root.node.findAll();
  return constructs.filter((construct) => construct instanceof MeshClient).filter((client) => client._isOf(issuer));
}
