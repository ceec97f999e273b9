import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, aws_lambda as lambda, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { MeshIntegration, MtlsServiceMesh } from '../../lib';
import type { Sandbox } from '../../sandbox';

export const TRUST_DOMAIN = 'mesh.example.com';
const SERVICE_URL = `https://${TRUST_DOMAIN}/schedule/events`;

/**
 * Instead of the three minutes that the issuer has on AWS, so that a call can outlast them: of these, a step of a rotation
 * has four seconds to work, and a custom resource five.
 */
export const ISSUER_TIMEOUT_SECONDS = 10;

/** A client's further DNS names, by its name. */
export type Clients = Readonly<Record<string, readonly string[]>>;

const directory = mkdtempSync(join(tmpdir(), 'faults-'));
const assemblies = new Map<string, string>();

/** The directory of a synthesized mesh with those clients and one service. */
export function assemblyWith(clients: Clients): string {
  const key = JSON.stringify(clients);
  const known = assemblies.get(key);
  if (known !== undefined) return known;
  const app = new App({ outdir: join(directory, String(assemblies.size)) });
  const stack = new Stack(app, 'FaultyMesh');
  const mesh = new MtlsServiceMesh(stack, 'Mesh', {
    domainName: TRUST_DOMAIN,
    serverCertificate: Certificate.fromCertificateArn(
      stack,
      'ServerCertificate',
      'arn:aws:acm:us-east-1:123456789012:certificate/1c5f7b2e-0000-4000-8000-000000000000',
    ),
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const schedule = new lambda.Function(stack, 'Schedule', {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: lambda.Code.fromInline('exports.handler = async () => ({ statusCode: 200 });'),
  });
  mesh.addService('schedule', { integration: MeshIntegration.lambdaFunction(schedule) });
  for (const [name, dnsNames] of Object.entries(clients)) mesh.addClient(name, { dnsNames: [...dnsNames] });
  const issuer = stack.node.findAll().find(({ node }) => node.path.endsWith('Issuer/Function/Resource'));
  (issuer as lambda.CfnFunction).timeout = ISSUER_TIMEOUT_SECONDS;
  const assembly = app.synth().directory;
  assemblies.set(key, assembly);
  return assembly;
}

export function removeAssemblies(): void {
  rmSync(directory, { recursive: true });
}

/** Status of a call to the mesh's service. */
export async function statusFor(sandbox: Sandbox, caller: Parameters<Sandbox['fetch']>[0]): Promise<number> {
  const response = await sandbox.fetch(caller, SERVICE_URL);
  await response.body?.cancel();
  return response.status;
}

/** Name and role of the function that issues. */
export function issuerOf({ resources }: Sandbox): { readonly functionName: string; readonly role: string } {
  const found = Object.values(resources).find(({ constructPath }) =>
    constructPath?.endsWith('Issuer/Function/Resource'),
  );
  if (found === undefined) throw new Error('the stack has no issuer');
  return { functionName: found.physicalId, role: String(found.properties['Role']) };
}
