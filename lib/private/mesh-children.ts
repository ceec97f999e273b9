import type { Construct } from 'constructs';
import { clientNameProblem } from '../../mesh/names';
import { checkKnownText, refuse } from './validation';

const PROPERTIES = { Client: 'client name', Service: 'service name', TrustAnchor: 'trust anchor name' } as const;

/** The ID of a construct that a mesh adds. Throws if the name is invalid or the mesh has added it before. */
export function childId(mesh: Construct, kind: keyof typeof PROPERTIES, name: string): string {
  const id = `${kind}-${name}`;
  const property = PROPERTIES[kind];
  checkKnownText(mesh, property, name, clientNameProblem);
  if (mesh.node.tryFindChild(id)) {
    refuse(mesh, property, 'must be unique within the mesh', `${JSON.stringify(name)} twice`);
  }
  return id;
}
