// Runs in an app that has the package and aws-cdk-lib installed, and nothing else of the repository.
const { App, Stack } = require('aws-cdk-lib');
const { Code, Function: LambdaFunction, Runtime } = require('aws-cdk-lib/aws-lambda');
const { HostedZone } = require('aws-cdk-lib/aws-route53');
const { MeshIntegration, MtlsServiceMesh } = require('cdk-mtls-service-mesh');
const { Sandbox } = require('cdk-mtls-service-mesh/sandbox');

function greetingMesh() {
  const app = new App();
  const stack = new Stack(app, 'GreetingMesh');
  const mesh = new MtlsServiceMesh(stack, 'Mesh', {
    domainName: 'mesh.example.com',
    hostedZone: HostedZone.fromHostedZoneAttributes(stack, 'Zone', {
      hostedZoneId: 'Z0EXAMPLE',
      zoneName: 'example.com',
    }),
  });
  const greeting = new LambdaFunction(stack, 'Greeting', {
    runtime: Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: Code.fromInline(`exports.handler = async (event) => event.headers['x-mesh-client-name'];`),
  });
  const service = mesh.addService('greeting', { integration: MeshIntegration.lambdaFunction(greeting) });
  service.allow(mesh.addClient('mail'));
  return app;
}

async function main() {
  const sandbox = await Sandbox.deploy(greetingMesh());
  try {
    const url = 'https://mesh.example.com/greeting';
    const answer = await sandbox.fetch('mail', url);
    const refused = await sandbox.fetch(undefined, url).then(
      () => false,
      () => true,
    );
    console.log(JSON.stringify({ status: answer.status, caller: await answer.text(), refused }));
  } finally {
    await sandbox.close();
  }
}

void main();
