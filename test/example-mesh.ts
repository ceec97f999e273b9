import { RemovalPolicy, type Stack, Token } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { MeshIntegration, MtlsServiceMesh, type MtlsServiceMeshProps } from '../lib';

/** The mesh `mesh.example.com`, without clients and services. Its stack leaves nothing behind. */
export function exampleMesh(stack: Stack, props: Partial<MtlsServiceMeshProps> = {}): MtlsServiceMesh {
  const region = Token.isUnresolved(stack.region) ? 'us-east-1' : stack.region;
  const certificateArn = `arn:aws:acm:${region}:123456789012:certificate/1c5f7b2e-0000-4000-8000-000000000000`;
  return new MtlsServiceMesh(stack, 'Mesh', {
    domainName: 'mesh.example.com',
    serverCertificate: Certificate.fromCertificateArn(stack, 'ServerCertificate', certificateArn),
    removalPolicy: RemovalPolicy.DESTROY,
    ...props,
  });
}

/** Adds the service `schedule`, which answers with the name of the caller. */
export function addScheduleService(stack: Stack, mesh: MtlsServiceMesh): void {
  const schedule = new lambda.Function(stack, 'Schedule', {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: lambda.Code.fromInline(
      'exports.handler = async ({ requestContext }) => ({ statusCode: 200, body: requestContext.authorizer.lambda.clientName });',
    ),
  });
  mesh.addService('schedule', { integration: MeshIntegration.lambdaFunction(schedule) }).allowAllClients();
}
