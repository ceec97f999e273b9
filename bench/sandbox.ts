import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { HostedZone } from 'aws-cdk-lib/aws-route53';
import { MeshIntegration, MtlsServiceMesh } from 'cdk-mtls-service-mesh';
import { Sandbox } from 'cdk-mtls-service-mesh/sandbox';
import { elapsed, type Measurement, milliseconds, nodeTime, paired } from './measure';

const SERVICES = ['users', 'groups', 'equipment'];
const URL = 'https://mesh.example.com/equipment';

/** Synthesizes three services that call each other. @returns the directory of the assembly */
export function threeServices(): string {
  const app = new App({ outdir: mkdtempSync(join(tmpdir(), 'mtls-mesh-bench-')) });
  const stack = new Stack(app, 'Mesh');
  const mesh = new MtlsServiceMesh(stack, 'Mesh', {
    domainName: 'mesh.example.com',
    hostedZone: HostedZone.fromHostedZoneAttributes(stack, 'Zone', { hostedZoneId: 'Z1', zoneName: 'example.com' }),
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const services = SERVICES.map((name) => {
    const handler = new LambdaFunction(stack, name, {
      runtime: Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: Code.fromInline(`exports.handler = async () => '${name}'`),
    });
    return mesh.addService(name, { integration: MeshIntegration.lambdaFunction(handler) });
  });
  for (const name of SERVICES) {
    const client = mesh.addClient(name);
    for (const service of services) {
      for (let i = 0; i < 33; i += 1) service.allow(client, { path: `/events/{id}/part-${i}` });
      service.allow(client, { path: '/' });
    }
  }
  return app.synth().directory;
}

/** From a synthesized template to the first authorized 200, compared with five Node.js processes in sequence. */
export async function firstAnswer(assembly: string): Promise<Measurement> {
  const { measured, floor, ratio } = await paired(
    5,
    () =>
      elapsed(async () => {
        const sandbox = await Sandbox.deploy(assembly);
        try {
          const answer = await sandbox.fetch('users', URL);
          if (answer.status !== 200) throw new Error(`expected 200, got ${answer.status}`);
        } finally {
          void sandbox.close();
        }
      }),
    () => {
      let total = 0;
      for (let i = 0; i < 5; i += 1) total += nodeTime(['-e', '0']);
      return total;
    },
  );
  return {
    what: 'sandbox up to the first authorized 200, three services',
    measured: `${milliseconds(measured)}, ${ratio.toFixed(1)}×`,
    floor: `five bare Node processes ${milliseconds(floor)}`,
    budget: '≤ 2×',
    within: ratio <= 2,
  };
}

/** A decision of the bundled authorizer about a certificate that it has in memory. */
export async function warmDecision(assembly: string): Promise<Measurement> {
  const sandbox = await Sandbox.deploy(assembly);
  try {
    const { certificate } = await sandbox.clientSecret('users');
    const decide = loadAuthorizer(sandbox);
    // The last of the client's grants.
    const event = {
      rawPath: '/equipment',
      headers: { host: 'mesh.example.com', accept: '*/*' },
      requestContext: {
        apiId: apiIdOf(sandbox),
        http: { method: 'GET', path: '/equipment' },
        authentication: { clientCert: { clientCertPem: certificate } },
      },
    };
    const { isAuthorized } = await decide(event);
    if (!isAuthorized) throw new Error('the authorizer refused a client of the mesh');
    const CALLS = 2000;
    const time = await elapsed(async () => {
      for (let call = 0; call < CALLS; call += 1) await decide(event);
    });
    return {
      what: 'decision of the authorizer, warm, 102 grants',
      measured: milliseconds(time / CALLS),
      budget: '≤ 0.2 ms',
      within: time / CALLS <= 0.2,
    };
  } finally {
    await sandbox.close();
  }
}

function apiIdOf(sandbox: Sandbox): string {
  const api = Object.values(sandbox.resources).find(({ type }) => type === 'AWS::ApiGatewayV2::Api');
  return String(api?.physicalId);
}

type Handler = (event: unknown) => Promise<{ readonly isAuthorized: boolean }>;

/** Loads the bundle into this process, with the environment of the template. */
function loadAuthorizer(sandbox: Sandbox): Handler {
  const authorizer = Object.values(sandbox.resources).find(
    ({ type, constructPath }) => type === 'AWS::Lambda::Function' && constructPath?.includes('Authorizer'),
  );
  const environment = authorizer?.properties['Environment'] as { readonly Variables: NodeJS.ProcessEnv } | undefined;
  Object.assign(process.env, environment?.Variables, sandbox.environment());
  return require('../assets/authorizer/index.js').handler;
}

export function discard(assembly: string): void {
  rmSync(assembly, { recursive: true });
}
