import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { MeshIntegration, MtlsServiceMesh } from '../../../lib';

/**
 * Synthesizes a mesh of the clients `mail` and `social` and a service that says who calls into `directory`.
 * @param extend adds more
 */
export function synthesizeExample(directory: string, extend: (mesh: MtlsServiceMesh) => void = () => {}): void {
  const app = new App({ outdir: directory });
  const stack = new Stack(app, 'ScheduleMesh');
  const certificateArn = 'arn:aws:acm:us-east-1:123456789012:certificate/1c5f7b2e-0000-4000-8000-000000000000';
  const mesh = new MtlsServiceMesh(stack, 'Mesh', {
    domainName: 'mesh.example.com',
    serverCertificate: Certificate.fromCertificateArn(stack, 'ServerCertificate', certificateArn),
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const schedule = new lambda.Function(stack, 'Schedule', {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: lambda.Code.fromInline(
      `exports.handler = async ({ headers }) => ({ statusCode: 200, body: headers['x-mesh-client-name'] });`,
    ),
  });
  mesh.addService('schedule', { integration: MeshIntegration.lambdaFunction(schedule) });
  mesh.addClient('mail');
  mesh.addClient('social');
  extend(mesh);
  app.synth();
}
