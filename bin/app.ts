import { App } from 'aws-cdk-lib';
import { ScheduleMeshStack } from '../examples/schedule/schedule-mesh-stack';

/**
 * The example mesh, placed by context: `domainName`, and `hostedZoneId` with `zoneName`, or `certificateArn`, or both.
 * Without any it is for `mesh.example.com`, a name that can be synthesized and run in the sandbox but not deployed.
 */
export function exampleApp(): App {
  const app = new App();
  const context = (key: string): string | undefined => app.node.tryGetContext(key);
  const domainName = context('domainName') ?? 'mesh.example.com';
  const certificateArn = context('certificateArn');
  const hostedZoneId = context('hostedZoneId') ?? (certificateArn ? undefined : 'Z0EXAMPLE');
  const zoneName = context('zoneName') ?? domainName.slice(domainName.indexOf('.') + 1);

  new ScheduleMeshStack(app, 'ScheduleMesh', {
    domainName,
    hostedZone: hostedZoneId ? { hostedZoneId, zoneName } : undefined,
    certificateArn,
  });
  return app;
}

if (require.main === module) exampleApp().synth();
