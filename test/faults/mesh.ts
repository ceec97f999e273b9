import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Duration, type aws_iam as iam, aws_lambda as lambda, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  CertificateAuthority,
  type ICertificateAuthority,
  MeshIntegration,
  type MtlsServiceMeshProps,
} from '../../lib';
import { revocationFunctionName } from '../../mesh/names';
import { Sandbox } from '../../sandbox';
import { exampleMesh } from '../example-mesh';
import type { Actor } from './fault-injector';

export const TRUST_DOMAIN = 'mesh.example.com';
const SERVICE_URL = `https://${TRUST_DOMAIN}/schedule/events`;

/**
 * Longer than the timeout of the functions, three minutes. The sandbox's time passes at once, so no test waits that long.
 * Also longer than the minute after which Secrets Manager retries a rotation, so that the call takes effect after it.
 */
const TOO_SLOW_MILLISECONDS = 600_000;

/** The functions that deploy and maintain a mesh, by the ends of their constructs' paths. */
const WORKERS = {
  deployment: '/Issuer/Deployment',
  rotation: '/Issuer/Rotation',
  revocation: '/Issuer/Revocation',
  publisher: '/Truststore/Publisher',
  authority: '/Maker/Handler',
  lists: '/RevocationLists/Publisher',
} as const;
type Worker = keyof typeof WORKERS;

/** The function as the actor of an operation. Its names are fixed, so it is known before it is deployed. */
export function workerActor(worker: Worker): Actor {
  // The answer of a custom resource is not signed.
  const isCaller = (principal: string | undefined) => principal === undefined || principal === roleOf(worker);
  return { functionName: functionNameOf(worker), isCaller, tooSlowMilliseconds: TOO_SLOW_MILLISECONDS };
}

/** The command finds the function that revokes by its name. */
function functionNameOf(worker: Worker): string {
  return worker === 'revocation' ? revocationFunctionName(TRUST_DOMAIN) : worker;
}

export function roleOf(worker: Worker): string {
  return `arn:aws:iam::123456789012:role/${worker}`;
}

/** Additional DNS names of each client, by its name. */
export type Clients = Readonly<Record<string, readonly string[]>>;

/** An authority with its key in KMS. */
export interface KmsAuthority {
  readonly kind: 'kmsRoot' | 'kmsSubordinate' | 'shortLivedSubordinateOfKmsRoot';
  /** @default - that of the library */
  readonly validityDays?: number;
}

/** The authorities that a mesh trusts during a rollover, the last of which issues; or one with its key in KMS. */
export type Authorities = 'first' | 'both' | 'second' | KmsAuthority;

const directory = mkdtempSync(join(tmpdir(), 'faults-'));
const assemblies = new Map<string, string>();

/**
 * Synthesizes a mesh with the clients, the authorities and one service, and returns the directory.
 * @param granted the clients that may call the service
 */
export function assemblyWith(
  clients: Clients,
  authorities: Authorities = 'first',
  granted: readonly string[] | 'all' = 'all',
): string {
  return assemblyOf([clients, authorities, granted], (stack) => {
    const mesh = exampleMesh(stack, authorityProps(stack, authorities));
    const schedule = new lambda.Function(stack, 'Schedule', {
      runtime: lambda.Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: lambda.Code.fromInline('exports.handler = async () => ({ statusCode: 200 });'),
      timeout: Duration.minutes(15),
    });
    const service = mesh.addService('schedule', { integration: MeshIntegration.lambdaFunction(schedule) });
    if (granted === 'all') service.allowAllClients();
    for (const [name, dnsNames] of Object.entries(clients)) {
      const client = mesh.addClient(name, { dnsNames: [...dnsNames] });
      if (granted !== 'all' && granted.includes(name)) service.allow(client);
    }
  });
}

/**
 * Synthesizes a stack, whose workers have fixed names, and returns the directory.
 * @param what identifies the content. One that was synthesized before isn't again.
 */
export function assemblyOf(what: unknown, build: (stack: Stack) => void): string {
  const key = JSON.stringify(what);
  const known = assemblies.get(key);
  if (known !== undefined) return known;
  const app = new App({ outdir: join(directory, String(assemblies.size)) });
  const stack = new Stack(app, 'FaultyMesh');
  build(stack);
  for (const worker of Object.keys(WORKERS) as Worker[]) {
    const resource = (id: string) =>
      stack.node.findAll().find(({ node }) => node.path.endsWith(`${WORKERS[worker]}/${id}/Resource`));
    const handler = resource('Function') as lambda.CfnFunction | undefined;
    if (handler === undefined) continue;
    handler.functionName = functionNameOf(worker);
    (resource('Role') as iam.CfnRole).roleName = worker;
  }
  const assembly = app.synth().directory;
  assemblies.set(key, assembly);
  return assembly;
}

function authorityProps(stack: Stack, authorities: Authorities): Partial<MtlsServiceMeshProps> {
  if (authorities === 'first') return {};
  if (typeof authorities === 'object') return { certificateAuthority: kmsAuthority(stack, authorities) };
  const second = CertificateAuthority.shortLivedRoot(stack, 'Second', { removalPolicy: RemovalPolicy.DESTROY });
  return authorities === 'both' ? { certificateAuthoritySuccessors: [second] } : { certificateAuthority: second };
}

/** Leaves nothing behind. */
export function kmsAuthority(stack: Stack, { kind, validityDays }: KmsAuthority): ICertificateAuthority {
  return CertificateAuthority[kind](stack, 'Authority', {
    removalPolicy: RemovalPolicy.DESTROY,
    ...(validityDays !== undefined && { validity: Duration.days(validityDays) }),
  });
}

/** Deploys a mesh with the clients, and waits for the first runs of their rotation schedules. */
export async function deployed(clients: Clients, authorities?: Authorities): Promise<Sandbox> {
  const sandbox = await Sandbox.deploy(assemblyWith(clients, authorities));
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
