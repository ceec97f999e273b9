import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { HostedZone } from 'aws-cdk-lib/aws-route53';
import { MeshIntegration, MtlsServiceMesh } from 'cdk-mtls-service-mesh';
import { elapsed, type Measurement, milliseconds, nodeTime, paired } from './measure';

/** Synthesizes a mesh into a temporary directory and returns the number of its resources. */
function synthesize(clients: number, services = 0): number {
  const outdir = mkdtempSync(join(tmpdir(), 'mtls-mesh-bench-'));
  try {
    // A stack with 200 clients exceeds CloudFormation's limit of 500 resources. It measures the growth only.
    const app = new App({ outdir, context: { '@aws-cdk/core:stackResourceLimit': 0 } });
    const stack = new Stack(app, 'Mesh');
    const hostedZone = HostedZone.fromHostedZoneAttributes(stack, 'Zone', {
      hostedZoneId: 'Z1',
      zoneName: 'example.com',
    });
    const mesh = new MtlsServiceMesh(stack, 'Mesh', { domainName: 'mesh.example.com', hostedZone });
    const handler = new LambdaFunction(stack, 'Service', {
      runtime: Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: Code.fromInline('exports.handler = async () => "hello"'),
    });
    for (let i = 0; i < services; i += 1) {
      mesh.addService(`service-${i}`, { integration: MeshIntegration.lambdaFunction(handler) }).allowAllClients();
    }
    for (let i = 0; i < clients; i += 1) mesh.addClient(`client-${i}`);
    const { template } = app.synth().getStackByName('Mesh');
    return Object.keys(template.Resources).length;
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

/** Whole processes, as in a pipeline: a mesh of 100 clients compared with an empty app. */
export async function synthesis(): Promise<readonly Measurement[]> {
  const run = (clients: number) => () =>
    nodeTime(['--import', 'tsx', __filename, String(clients)], { CDK_VALIDATION: 'false' });
  const { measured, floor, ratio } = await paired(5, run(100), run(-1));
  process.env.CDK_VALIDATION = 'false';
  synthesize(100);
  const growth = await paired(
    5,
    () => elapsed(() => synthesize(200)),
    () => elapsed(() => synthesize(100)),
  );
  return [
    {
      what: 'synthesis of 100 clients',
      measured: `${milliseconds(measured)}, ${ratio.toFixed(2)}×`,
      floor: `empty app ${milliseconds(floor)}`,
      budget: '≤ 2×',
      within: ratio <= 2,
    },
    {
      what: 'synthesis of 200 clients, CDK loaded',
      measured: `${milliseconds(growth.measured)}, ${growth.ratio.toFixed(2)}×`,
      floor: `100 clients ${milliseconds(growth.floor)}`,
      budget: '≤ 2.2×, linear',
      within: growth.ratio <= 2.2,
    },
  ];
}

export function resources(): readonly Measurement[] {
  const perClient = (synthesize(20) - synthesize(10)) / 10;
  const perService = (synthesize(0, 20) - synthesize(0, 10)) / 10;
  return [
    { what: 'resources a client', measured: String(perClient), budget: '≤ 3', within: perClient <= 3 },
    { what: 'resources a service', measured: String(perService), budget: '≤ 5', within: perService <= 5 },
  ];
}

function synthesizeNothing(): void {
  const outdir = mkdtempSync(join(tmpdir(), 'mtls-mesh-bench-'));
  const app = new App({ outdir });
  new Stack(app, 'Empty');
  app.synth();
  rmSync(outdir, { recursive: true });
}

if (require.main === module) {
  const clients = Number(process.argv[2]);
  if (clients >= 0) synthesize(clients);
  else synthesizeNothing();
}
