import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, CfnResource, Stack } from 'aws-cdk-lib';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { HostedZone } from 'aws-cdk-lib/aws-route53';
import { MeshIntegration, MtlsServiceMesh } from 'cdk-mtls-service-mesh';
import { elapsed, type Measurement, milliseconds, nodeTime, paired } from './measure';

type Resources = Readonly<Record<string, { readonly Type: string; readonly Properties?: Record<string, unknown> }>>;

/** Synthesizes a mesh into a temporary directory and returns its resources. */
function synthesize(clients: number, services = 0): Resources {
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
    return template.Resources;
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

/**
 * Whole processes, as in a pipeline: a mesh of 100 clients compared with an empty app, and with an app that has the
 * resources of the same template, which is what the CDK itself takes for so many.
 */
export async function synthesis(): Promise<readonly Measurement[]> {
  const run = (subject: string) => () =>
    nodeTime(['--import', 'tsx', __filename, subject], { CDK_VALIDATION: 'false' });
  const { measured, floor, ratio } = await paired(5, run('100'), run('nothing'));
  process.env.CDK_VALIDATION = 'false';
  const directory = mkdtempSync(join(tmpdir(), 'mtls-mesh-bench-'));
  const file = join(directory, 'resources.json');
  writeFileSync(file, JSON.stringify(synthesize(100)));
  const bare = await paired(5, run('100'), run(file)).finally(() => rmSync(directory, { recursive: true }));
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
      what: 'synthesis of 100 clients',
      measured: `${milliseconds(bare.measured)}, ${bare.ratio.toFixed(2)}×`,
      floor: `the same resources as CfnResource ${milliseconds(bare.floor)}`,
      budget: '≤ 1.8×',
      within: bare.ratio <= 1.8,
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
  const count = (...given: Parameters<typeof synthesize>) => Object.keys(synthesize(...given)).length;
  const perClient = (count(20) - count(10)) / 10;
  const perService = (count(0, 20) - count(0, 10)) / 10;
  return [
    { what: 'resources a client', measured: String(perClient), budget: '≤ 3', within: perClient <= 3 },
    { what: 'resources a service', measured: String(perService), budget: '≤ 5', within: perService <= 5 },
  ];
}

/** @param resources those of a mesh; their properties have no tokens */
function synthesizeBare(resources: Resources): void {
  const outdir = mkdtempSync(join(tmpdir(), 'mtls-mesh-bench-'));
  const app = new App({ outdir });
  const stack = new Stack(app, 'Bare');
  for (const [id, { Type: type, Properties: properties }] of Object.entries(resources)) {
    new CfnResource(stack, id, { type, properties });
  }
  app.synth();
  rmSync(outdir, { recursive: true });
}

if (require.main === module) {
  const subject = process.argv[2] ?? '';
  if (/^\d+$/.test(subject)) synthesize(Number(subject));
  else synthesizeBare(subject === 'nothing' ? {} : JSON.parse(readFileSync(subject, 'utf8')));
}
