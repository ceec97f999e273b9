import { join } from 'node:path';
import { Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { Architecture, Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { CertificateAuthority, MeshIntegration, MtlsServiceMesh } from 'cdk-mtls-service-mesh';
import type { Construct } from 'constructs';

export interface ServiceMeshProps extends StackProps {
  /** The domain name of the mesh, such as `mesh.example.com`. */
  readonly domainName: string;
  /** The ARN of the domain's certificate in ACM. */
  readonly certificateArn: string;
  /** Where the key of the certificate authority is. By default in ACM PCA. */
  readonly authority?: 'acm-pca' | 'kms';
}

/**
 * Users, groups, and equipment: three services that call each other, each with its own identity. The groups service calls
 * the other two to answer which group has which equipment. Each may call what its work needs, and the help desk may read
 * everything.
 */
export class ServiceMeshStack extends Stack {
  constructor(scope: Construct, id: string, props: ServiceMeshProps) {
    super(scope, id, props);

    const certificateAuthority =
      props.authority === 'kms'
        ? CertificateAuthority.kmsRoot(this, 'Authority', { removalPolicy: RemovalPolicy.DESTROY })
        : undefined;
    const mesh = new MtlsServiceMesh(this, 'Mesh', {
      domainName: props.domainName,
      serverCertificate: Certificate.fromCertificateArn(this, 'ServerCertificate', props.certificateArn),
      certificateAuthority,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const add = (name: string) => {
      const client = mesh.addClient(name);
      const handler = new NodejsFunction(this, `Service-${name}`, {
        entry: join(__dirname, `${name}-service.ts`),
        runtime: Runtime.NODEJS_24_X,
        architecture: Architecture.ARM_64,
        timeout: Duration.seconds(20),
        bundling: { bundleAwsSDK: true, minify: true, mainFields: ['module', 'main'] },
        environment: { MESH_URL: mesh.gateway.url, CLIENT_SECRET: client.secret.secretArn },
      });
      client.grantRead(handler);
      const service = mesh.addService(name, { integration: MeshIntegration.lambdaFunction(handler) });
      return { client, service };
    };
    const [users, groups, equipment] = [add('users'), add('groups'), add('equipment')];
    const helpdesk = mesh.addClient('helpdesk');

    const methods = [HttpMethod.GET];
    users.service.allow(equipment.client, { methods, path: '/names' });
    groups.service.allow(users.client, { methods, path: '/members' });
    equipment.service.allow(groups.client, { methods, path: '/checkouts' });
    for (const { service } of [users, groups, equipment]) service.allow(helpdesk, { methods });
  }
}
