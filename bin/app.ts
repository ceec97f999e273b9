import { App } from 'aws-cdk-lib';
import { ScheduleMeshStack } from '../examples/schedule/schedule-mesh-stack';
import { ServiceMeshStack } from '../examples/service-mesh/service-mesh-stack';

/** Where the example's certificate authority has its key. */
export type ExampleAuthority = 'acm-pca' | 'kms';

/**
 * The example mesh. Context values say where to deploy it: `domainName`, and `hostedZoneId` with `zoneName`,
 * `certificateArn`, or both. By default its domain name is `mesh.example.com`, which runs in the sandbox but can't be
 * deployed to AWS. With `authority` set to `kms`, its certificate authority has its key in AWS KMS.
 */
export function exampleApp(authority?: ExampleAuthority): App {
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
    authority: authority ?? (context('authority') === 'kms' ? 'kms' : 'acm-pca'),
  });
  return app;
}

/** Three services that call each other. It runs in the sandbox. */
export function serviceMeshApp(authority?: ExampleAuthority): App {
  const app = new App();
  new ServiceMeshStack(app, 'ServiceMesh', {
    domainName: 'mesh.example.com',
    certificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000',
    ...(authority && { authority }),
  });
  return app;
}

if (require.main === module) exampleApp().synth();
