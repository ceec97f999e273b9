import { setTimeout } from 'node:timers/promises';
import { Sandbox, type SandboxClient } from 'cdk-mtls-service-mesh/sandbox';
import { DeploymentProgress } from '../shared/progress';
import { clientTable } from '../shared/table';
import { openAssembly } from './assembly';
import { ClientDirectory, type ClientFiles } from './client-files';
import { curlLine, environmentLines, serviceUrls } from './instructions';

export interface UpOptions {
  readonly app?: string;
  readonly stack?: string;
  readonly out: string;
  readonly port?: number;
  /** By the name of the service. */
  readonly target?: Readonly<Record<string, string>>;
  readonly json?: true;
}

/** How often the secrets are read to update the clients' files. Milliseconds. */
const UPDATE_INTERVAL = 500;

/** Deploys a mesh into a sandbox, prints how to reach it, and keeps it running until a signal ends the process. */
export async function runUp(options: UpOptions): Promise<void> {
  // A signal during the deployment takes effect after it, so that the sandbox closes in order.
  const ended = endSignal();
  const assembly = await openAssembly(options.app);
  try {
    const sandbox = await deploy(assembly.directory, options);
    const directory = new ClientDirectory(options.out);
    try {
      await directory.writeServerAuthority(sandbox.serverAuthority);
      await writeClients(sandbox, directory);
      await print(sandbox, directory, options);
      while (!(await resolvesWithin(ended, UPDATE_INTERVAL))) await writeClients(sandbox, directory);
    } finally {
      await directory.remove();
      await sandbox.close();
    }
  } finally {
    await assembly.dispose();
  }
}

async function deploy(assembly: string, { stack, port, target: targets }: UpOptions): Promise<Sandbox> {
  const progress = new DeploymentProgress();
  try {
    const sandbox = await Sandbox.deploy(assembly, { stack, port, targets, onEvent: progress.onEvent });
    progress.succeed();
    return sandbox;
  } catch (error) {
    progress.fail();
    throw error;
  }
}

/**
 * Resolves with the first SIGINT, SIGTERM or SIGHUP. Later signals are ignored, so that they don't interrupt the cleanup:
 * npm forwards Ctrl-C to a process that the terminal has already sent it to.
 */
function endSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
}

/** The clients whose keys are in secrets. */
function clientsWithSecret(sandbox: Sandbox): readonly SandboxClient[] {
  return sandbox.clients.filter(({ secretId }) => secretId !== undefined);
}

/** Updates the clients' files. The files of a client stay if its secret can't be read, for example after its deletion. */
async function writeClients(sandbox: Sandbox, directory: ClientDirectory): Promise<void> {
  for (const { name } of clientsWithSecret(sandbox)) {
    const secret = await sandbox.clientSecret(name).catch(() => undefined);
    if (secret !== undefined) await directory.writeClient(secret);
  }
}

async function resolvesWithin(promise: Promise<void>, milliseconds: number): Promise<boolean> {
  return Promise.race([promise.then(() => true), setTimeout(milliseconds, false)]);
}

interface ClientAccess extends SandboxClient {
  /** Absent for a client that keeps its own key. */
  readonly files?: ClientFiles;
  /** A command line that calls the mesh as this client. Absent without files, and in a mesh without services. */
  readonly curl?: string;
}

async function print(sandbox: Sandbox, directory: ClientDirectory, { json }: UpOptions): Promise<void> {
  const urls = serviceUrls(sandbox);
  const [url] = urls;
  const { serverAuthority } = directory;
  const clients = sandbox.clients.map((client): ClientAccess => {
    if (client.secretId === undefined) return client;
    const files = directory.filesOf(client.name);
    return { ...client, files, curl: url && curlLine(url, sandbox.gatewayPort, serverAuthority, files) };
  });
  const environment = sandbox.environment();
  if (json) {
    const { endpoint, gatewayPort, outputs } = sandbox;
    console.log(JSON.stringify({ endpoint, gatewayPort, serverAuthority, urls, clients, environment, outputs }));
    return;
  }
  const secrets = await Promise.all(clientsWithSecret(sandbox).map(({ name }) => sandbox.clientSecret(name)));
  const examples = [
    ...clientsWithSecret(sandbox)
      .slice(0, 1)
      .map(({ secretId }) => `aws secretsmanager get-secret-value --secret-id ${secretId}`),
    'aws acm-pca list-certificate-authorities',
  ];
  console.log(`
${clientTable(secrets)}

Call the mesh as a client:

${indented(clients.flatMap(({ curl }) => curl ?? []))}

Use the AWS CLI or an AWS SDK with this sandbox:

${indented([...environmentLines(environment), ...examples])}

Press Ctrl-C to stop the sandbox and remove the certificates.`);
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}`).join('\n');
}
