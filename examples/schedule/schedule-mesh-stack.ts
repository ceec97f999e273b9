import { join } from 'node:path';
import { RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Architecture, Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { HostedZone, type HostedZoneAttributes } from 'aws-cdk-lib/aws-route53';
import { CertificateAuthority, MeshIntegration, MtlsServiceMesh } from 'cdk-mtls-service-mesh';
import type { Construct } from 'constructs';

export interface ScheduleMeshProps extends StackProps {
  /** The domain name of the mesh, such as `mesh.example.com`. */
  readonly domainName: string;
  /** The hosted zone of the domain. The mesh adds DNS records and, unless you set `certificateArn`, a certificate. */
  readonly hostedZone?: HostedZoneAttributes;
  /** The ARN of the domain's certificate in ACM. */
  readonly certificateArn?: string;
  /** Where the key of the certificate authority is. By default in ACM PCA. */
  readonly authority?: 'acm-pca' | 'kms';
}

/** A mail app and a social app create events in a schedule service, which knows which of the two is calling. */
export class ScheduleMeshStack extends Stack {
  constructor(scope: Construct, id: string, props: ScheduleMeshProps) {
    super(scope, id, props);

    const events = new Table(this, 'Events', {
      partitionKey: { name: 'id', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const schedule = new NodejsFunction(this, 'Schedule', {
      entry: join(__dirname, 'schedule-service.ts'),
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      bundling: { bundleAwsSDK: true, minify: true, mainFields: ['module', 'main'] },
      environment: { EVENTS_TABLE: events.tableName },
    });
    events.grantReadWriteData(schedule);

    const { domainName, hostedZone, certificateArn } = props;
    const certificateAuthority =
      props.authority === 'kms'
        ? CertificateAuthority.kmsRoot(this, 'Authority', { removalPolicy: RemovalPolicy.DESTROY })
        : undefined;
    const mesh = new MtlsServiceMesh(this, 'Mesh', {
      domainName,
      hostedZone: hostedZone && HostedZone.fromHostedZoneAttributes(this, 'Zone', hostedZone),
      serverCertificate: certificateArn
        ? Certificate.fromCertificateArn(this, 'ServerCertificate', certificateArn)
        : undefined,
      certificateAuthority,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const service = mesh.addService('schedule', { integration: MeshIntegration.lambdaFunction(schedule) });
    service.allow(mesh.addClient('mail'));
    service.allow(mesh.addClient('social'));
  }
}
