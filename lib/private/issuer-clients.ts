import type { IConstruct } from 'constructs';
import type { ICertificateIssuer } from '../interfaces';
import type { MeshClient } from '../mesh-client';

/** The clients of this app that the issuer issues certificates to. Complete once the app is. */
export function clientsOf(issuer: ICertificateIssuer): readonly MeshClient[] {
  return issuer.node.root.node
    .findAll()
    .filter(isMeshClient)
    .filter((client) => client._isOf(issuer));
}

/** Also one of another copy of the package, which `instanceof` doesn't know. */
function isMeshClient(construct: IConstruct): construct is MeshClient {
  return ('_isOf' satisfies keyof MeshClient) in construct;
}
