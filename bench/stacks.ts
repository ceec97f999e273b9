import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { HostedZone } from 'aws-cdk-lib/aws-route53';
import { MeshIntegration, MtlsServiceMesh } from 'cdk-mtls-service-mesh';
import { Sandbox } from 'cdk-mtls-service-mesh/sandbox';
import { elapsed, type Measurement } from './measure';

const DOMAIN = 'mesh.example.com';
/** Of each team, in a stack of its own. */
const CLIENTS = 100;
const SERVICES = 5;

/** A mesh whose clients and services are in stacks of many teams: 1,000 clients and 50 services, compared with a tenth. */
export async function severalStacks(teams = 10): Promise<readonly Measurement[]> {
  const few = await timesOf(1);
  const many = await timesOf(teams);
  const row = (what: string, name: keyof Times): Measurement => {
    const ratio = many[name] / few[name];
    return {
      what: `${what} of ${teams * CLIENTS} clients and ${teams * SERVICES} services in ${teams} stacks`,
      measured: `${seconds(many[name])}, ${ratio.toFixed(1)}×`,
      floor: `${CLIENTS} clients in one ${seconds(few[name])}`,
      budget: `≤ ${teams}×`,
      within: ratio <= teams,
    };
  };
  return [row('synthesis', 'synthesis'), row('deployment in the sandbox', 'deployment')];
}

/** Milliseconds. */
interface Times {
  readonly synthesis: number;
  readonly deployment: number;
}

async function timesOf(teams: number): Promise<Times> {
  const outdir = mkdtempSync(join(tmpdir(), 'mtls-mesh-bench-'));
  try {
    const synthesis = await elapsed(() => meshOf(teams, outdir).synth());
    let sandbox: Sandbox | undefined;
    const deployment = await elapsed(async () => {
      sandbox = await Sandbox.deploy(outdir);
    });
    await sandbox?.close();
    return { synthesis, deployment };
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

function meshOf(teams: number, outdir: string): App {
  const app = new App({ outdir });
  const platform = new Stack(app, 'Platform');
  const mesh = new MtlsServiceMesh(platform, 'Mesh', {
    domainName: DOMAIN,
    hostedZone: HostedZone.fromHostedZoneAttributes(platform, 'Zone', { hostedZoneId: 'Z1', zoneName: 'example.com' }),
    removalPolicy: RemovalPolicy.DESTROY,
  });
  mesh.allowStack('team-*');
  for (let team = 0; team < teams; team += 1) addTeam(platform, team);
  return app;
}

function addTeam(platform: Stack, team: number): void {
  const stack = new Stack(platform.node.root, `team-${team}`);
  stack.addStackDependency(platform);
  const mesh = MtlsServiceMesh.fromMeshName(stack, 'Mesh', DOMAIN);
  const handler = new LambdaFunction(stack, 'Service', {
    runtime: Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: Code.fromInline("exports.handler = async () => 'ok'"),
  });
  const integration = MeshIntegration.lambdaFunction(handler);
  const names = Array.from({ length: SERVICES }, (_, index) => `service-${team}-${index}`);
  const services = names.map((name) => mesh.addService(name, { integration }));
  for (let index = 0; index < CLIENTS; index += 1) {
    const client = mesh.addClient(`client-${team}-${index}`);
    for (const service of services) service.allow(client, { path: '/events/{id}' });
  }
}

function seconds(time: number): string {
  return `${(time / 1000).toFixed(1)} s`;
}
