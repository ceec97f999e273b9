import { awsMesh } from '../aws-mesh';
import { UsageError } from '../exit-codes';
import { deployedGrants } from './deployed-grants';
import type { MeshGrants } from './mesh-grants';
import { synthesizedGrants } from './synthesized-grants';

/** Where a command reads the grants from: a deployed mesh, or a synthesized app. */
export interface GrantsSource {
  readonly mesh?: string;
  /** A `cdk.out` directory. It counts more than `mesh`, which may come from the environment. */
  readonly app?: string;
}

/** @throws UsageError if there is neither */
export async function readGrants({ mesh, app }: GrantsSource): Promise<MeshGrants> {
  if (app !== undefined) return synthesizedGrants(app);
  if (mesh !== undefined) return deployedGrants(awsMesh(mesh));
  throw new UsageError('specify --mesh for a deployed mesh, or --app with a cdk.out directory');
}
