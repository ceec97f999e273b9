import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, type aws_iam as iam, aws_lambda as lambda, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { CertificateAuthority, MeshIntegration, MtlsServiceMesh, type MtlsServiceMeshProps } from '../../lib';
import { Sandbox } from '../../sandbox';
import type { Actor } from './fault-injector';

export const TRUST_DOMAIN = 'mesh.example.com';
const SERVICE_URL = `https://${TRUST_DOMAIN}/schedule/events`;

/**
 * Instead of the three minutes that the functions have on AWS, so that a call can outlast them: of these, a step of a
 * rotation has eight seconds to work, and a custom resource seven.
 */
const TIMEOUT_SECONDS = 14;
const TOO_SLOW_MILLISECONDS = TIMEOUT_SECONDS * 1000 + 500;

/** The functions at work while a mesh is deployed and lives, by the ends of their constructs' paths. */
const WORKERS = { issuer: '/Issuer/Issuer', publisher: '/Truststore/Publisher' } as const;
type Worker = keyof typeof WORKERS;

/** What the function does, known before it is made. */
export function workerActor(worker: Worker): Actor {
  // A custom resource's answer is signed by nobody.
  const isCaller = (principal: string | undefined) => principal === undefined || principal === roleOf(worker);
  return { functionName: worker, isCaller, tooSlowMilliseconds: TOO_SLOW_MILLISECONDS };
}

export function roleOf(worker: Worker): string {
  return `arn:aws:iam::123456789012:role/${worker}`;
}

/** A client's further DNS names, by its name. */
export type Clients = Readonly<Record<string, readonly string[]>>;

/** Which authorities a mesh trusts, as one takes over from another; the last of them issues. */
export type Authorities = 'first' | 'both' | 'second';

const directory = mkdtempSync(join(tmpdir(), 'faults-'));
const assemblies = new Map<string, string>();

/** The directory of a synthesized mesh with those clients and authorities, and one service. */
export function assemblyWith(clients: Clients, authorities: Authorities = 'first'): string {
  const key = JSON.stringify([clients, authorities]);
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
    ...authorityProps(stack, authorities),
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const schedule = new lambda.Function(stack, 'Schedule', {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: lambda.Code.fromInline('exports.handler = async () => ({ statusCode: 200 });'),
  });
  mesh.addService('schedule', { integration: MeshIntegration.lambdaFunction(schedule) });
  for (const [name, dnsNames] of Object.entries(clients)) mesh.addClient(name, { dnsNames: [...dnsNames] });
  for (const [name, path] of Object.entries(WORKERS)) {
    const resource = (id: string) =>
      stack.node.findAll().find(({ node }) => node.path.endsWith(`${path}/${id}/Resource`));
    const handler = resource('Function') as lambda.CfnFunction;
    handler.timeout = TIMEOUT_SECONDS;
    handler.functionName = name;
    (resource('Role') as iam.CfnRole).roleName = name;
  }
  const assembly = app.synth().directory;
  assemblies.set(key, assembly);
  return assembly;
}

function authorityProps(stack: Stack, authorities: Authorities): Partial<MtlsServiceMeshProps> {
  if (authorities === 'first') return {};
  const second = CertificateAuthority.shortLivedRoot(stack, 'Second', { removalPolicy: RemovalPolicy.DESTROY });
  return authorities === 'both' ? { certificateAuthoritySuccessors: [second] } : { certificateAuthority: second };
}

/** A mesh with those clients, and the first runs of their rotation schedules over. */
export async function deployed(clients: Clients): Promise<Sandbox> {
  const sandbox = await Sandbox.deploy(assemblyWith(clients));
  await sandbox.advance(0);
  return sandbox;
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
