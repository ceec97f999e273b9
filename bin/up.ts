import { Sandbox, type SandboxClient } from 'cdk-mtls-service-mesh/sandbox';
import { openAssembly } from './assembly';
import { ClientDirectory, type ClientFiles } from './client-files';
import { clientTable } from './client-table';
import { curlLine, exportLines, serviceUrls } from './instructions';
import { DeploymentProgress } from './progress';

export interface UpOptions {
  readonly app?: string;
  readonly stack?: string;
  readonly out: string;
  readonly port?: number;
  readonly json?: true;
}

/** Deploys a mesh into a sandbox, says how to reach it, and keeps it until the process is told to end. */
export async function up(options: UpOptions): Promise<void> {
  const ended = endSignal();
  const assembly = await openAssembly(options.app);
  try {
    const sandbox = await deploy(assembly.directory, options);
    try {
      const directory = await ClientDirectory.create(options.out, sandbox.serverAuthority);
      try {
        await print(sandbox, directory, options);
        await ended;
      } finally {
        await directory.remove();
      }
    } finally {
      await sandbox.close();
    }
  } finally {
    await assembly.dispose();
  }
}

/** Listens from the start, so that a signal during the deployment ends the sandbox in order, once it is up. */
function endSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
}

async function deploy(assembly: string, { stack, port }: UpOptions): Promise<Sandbox> {
  const progress = new DeploymentProgress();
  try {
    const sandbox = await Sandbox.deploy(assembly, { stack, port, onEvent: progress.onEvent });
    progress.succeed();
    return sandbox;
  } catch (error) {
    progress.fail();
    throw error;
  }
}

interface ClientAccess extends SandboxClient {
  readonly files: ClientFiles;
  /** A command line that calls the mesh as this client. */
  readonly curl: string;
}

async function print(sandbox: Sandbox, directory: ClientDirectory, { json }: UpOptions): Promise<void> {
  const urls = serviceUrls(sandbox);
  const secrets = await Promise.all(sandbox.clients.map(({ name }) => sandbox.clientSecret(name)));
  const clients: ClientAccess[] = [];
  for (const client of sandbox.clients) {
    const files = await directory.add(await sandbox.clientSecret(client.name));
    const curl = curlLine(urls[0], sandbox.gatewayPort, directory.serverAuthority, files);
    clients.push({ ...client, files, curl });
  }
  const environment = sandbox.environment();
  if (json) {
    const { endpoint, gatewayPort, outputs } = sandbox;
    const { serverAuthority } = directory;
    console.log(JSON.stringify({ endpoint, gatewayPort, serverAuthority, urls, clients, environment, outputs }));
    return;
  }
  console.log(`
${clientTable(secrets)}

Call the mesh as a client:

${clients.map(({ curl }) => `  ${curl}`).join('\n')}

Use the aws command, or an SDK in any language, against this sandbox:

${exportLines(environment)
  .map((line) => `  ${line}`)
  .join('\n')}
  aws secretsmanager get-secret-value --secret-id ${clients[0]?.secretId}
  aws acm-pca list-certificate-authorities

Ctrl-C ends it and removes the certificates.`);
}
