import { App, Stack } from 'aws-cdk-lib';
import { MappingValue } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpUrlIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { HostedZone } from 'aws-cdk-lib/aws-route53';
import {
  MeshIntegration,
  type MeshIntegrationBindOptions,
  type MeshIntegrationConfig,
  MtlsServiceMesh,
} from 'cdk-mtls-service-mesh';

class VersionedIntegration extends MeshIntegration {
  bind({ serviceName }: MeshIntegrationBindOptions): MeshIntegrationConfig {
    const parameterMapping = MeshIntegration.identityHeaders().overwriteHeader(
      'x-service-version',
      MappingValue.custom('2'),
    );
    const url = `https://${serviceName}.example.com`;
    const integration = new HttpUrlIntegration('Integration', url, { parameterMapping });
    return { root: integration, below: integration };
  }
}

const app = new App();
const stack = new Stack(app, 'ScheduleMesh');
const mesh = new MtlsServiceMesh(stack, 'Mesh', {
  domainName: 'mesh.example.com',
  hostedZone: HostedZone.fromHostedZoneAttributes(stack, 'Zone', {
    hostedZoneId: 'Z0EXAMPLE',
    zoneName: 'example.com',
  }),
});
mesh.addService('schedule', { integration: new VersionedIntegration() });
app.synth();
