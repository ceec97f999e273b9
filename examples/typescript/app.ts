import { App, Duration, Stack } from 'aws-cdk-lib';
import { HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { HostedZone } from 'aws-cdk-lib/aws-route53';
import { MeshIntegration, MtlsServiceMesh } from 'cdk-mtls-service-mesh';
import type { Construct } from 'constructs';

const ANSWER_CALLER = 'exports.handler = async (event) => event.requestContext.authorizer.lambda;';

/** A mail app and a social app share a schedule service, which knows which of the two is calling. */
class ScheduleMeshStack extends Stack {
  constructor(scope: Construct, id: string, domainName: string) {
    super(scope, id);

    const schedule = new LambdaFunction(this, 'Schedule', {
      runtime: Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: Code.fromInline(ANSWER_CALLER),
    });
    const mesh = new MtlsServiceMesh(this, 'Mesh', {
      domainName,
      hostedZone: HostedZone.fromHostedZoneAttributes(this, 'Zone', {
        hostedZoneId: 'Z0EXAMPLE',
        zoneName: 'example.com',
      }),
    });
    const service = mesh.addService('schedule', { integration: MeshIntegration.lambdaFunction(schedule) });
    service.allow(mesh.addClient('mail'));
    service.allow(mesh.addClient('social', { certificateValidity: Duration.days(5) }), {
      methods: [HttpMethod.GET, HttpMethod.POST],
      path: '/events',
    });
  }
}

const app = new App();
new ScheduleMeshStack(app, 'ScheduleMesh', 'mesh.example.com');
app.synth();
