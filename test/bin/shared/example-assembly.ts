import { App, Stack } from 'aws-cdk-lib';
import type { MtlsServiceMesh } from '../../../lib';
import { addScheduleService, exampleMesh } from '../../example-mesh';

/**
 * Synthesizes a mesh of the clients `mail` and `social` and a service that says who calls into `directory`.
 * @param extend adds more
 */
export function synthesizeExample(directory: string, extend: (mesh: MtlsServiceMesh) => void = () => {}): void {
  const app = new App({ outdir: directory });
  const stack = new Stack(app, 'ScheduleMesh');
  const mesh = exampleMesh(stack);
  addScheduleService(stack, mesh);
  mesh.addClient('mail');
  mesh.addClient('social');
  extend(mesh);
  app.synth();
}
