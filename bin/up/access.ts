import type { Sandbox, SandboxClient } from 'cdk-mtls-service-mesh/sandbox';
import type { ClientSecret } from '../../mesh/client-secret';
import { clientTable } from '../shared/table';
import { colors, width, wrappedCommand } from '../shared/terminal';
import { exampleCalls, serviceUrls } from './example-calls';
import { assignments, curlLine, environmentLines } from './instructions';
import { type Environment, meshEnvironment, type RoleAccess, roleAccess } from './mesh-environment';
import type { PublishedUrls } from './published-trust';
import type { ClientFiles, UpDirectory } from './up-directory';

/** How to reach a mesh in the sandbox: the line of JSON that `up --json` prints. */
export interface MeshAccess {
  /** The URL of the AWS services. */
  readonly endpoint: string;
  /** The port of the mesh on 127.0.0.1. */
  readonly gatewayPort: number;
  /** The PEM file of the authority that signed the gateway's certificate. */
  readonly serverAuthority: string;
  /** The URLs of the services. */
  readonly urls: readonly string[];
  readonly clients: readonly ClientAccess[];
  /** Variables for programs that use the sandbox with all permissions. */
  readonly environment: Environment;
  /** One for each `--role`. */
  readonly roles: readonly RoleAccess[];
  /** The outputs of the stack. */
  readonly outputs: Readonly<Record<string, string>>;
}

interface ClientAccess extends SandboxClient, PublishedUrls {
  /** Absent for a client that keeps its own key. */
  readonly files?: ClientFiles;
  /** A command line that calls the mesh as this client. Absent without files, and in a mesh without services. */
  readonly curl?: string;
  /** The status of the answer to the call in `curl`, as far as it was tried. */
  readonly status?: number;
}

/** What the user has asked for. */
interface AccessOptions {
  readonly roles: readonly string[];
  /** The names of the services with targets. */
  readonly targets: readonly string[];
  /** What the mesh of each client publishes, by the client's name. */
  readonly published: ReadonlyMap<string, PublishedUrls>;
}

/** The clients whose keys are in secrets. */
export function clientsWithSecret(sandbox: Sandbox): readonly SandboxClient[] {
  return sandbox.clients.filter(({ secretId }) => secretId !== undefined);
}

/** @throws Error if the stack doesn't have a role */
export async function meshAccess(
  sandbox: Sandbox,
  directory: UpDirectory,
  { roles, targets, published }: AccessOptions,
): Promise<MeshAccess> {
  const { endpoint, gatewayPort, outputs } = sandbox;
  const { serverAuthority } = directory;
  const names = clientsWithSecret(sandbox).map(({ name }) => name);
  const calls = await exampleCalls(sandbox, names, targets);
  const clients = sandbox.clients.map((client): ClientAccess => {
    if (client.secretId === undefined) return client;
    const files = directory.filesOf(client.name);
    const call = calls.get(client.name);
    const known = { ...client, files, ...published.get(client.name) };
    if (call === undefined) return known;
    return { ...known, curl: curlLine(call, gatewayPort, serverAuthority, files), status: call.status };
  });
  return {
    endpoint,
    gatewayPort,
    serverAuthority,
    urls: serviceUrls(sandbox),
    clients,
    environment: meshEnvironment(sandbox, serverAuthority),
    roles: roles.map((role) => roleAccess(sandbox, role)),
    outputs,
  };
}

/** For a person to read. */
export function accessText({ clients, environment, roles }: MeshAccess, secrets: readonly ClientSecret[]): string {
  const withSecret = clients.find(({ secretId }) => secretId !== undefined);
  const examples = [
    ...(withSecret
      ? [`aws secretsmanager get-secret-value --secret-id ${withSecret.secretId}`, ...fetchCommand(withSecret)]
      : []),
    'aws cloudformation describe-stacks',
    'mtls-mesh console',
  ];
  const paragraphs = [
    clientTable(secrets),
    heading('Call the mesh as a client:'),
    clients.flatMap(({ curl, status }) => (curl ? [command(curl, status)] : [])).join('\n\n'),
    ...requestParagraphs(clients, roles),
    heading('Use the AWS CLI, an AWS SDK, mtls-mesh, or a MeshHttpClient here:'),
    indented([...environmentLines(environment), ...examples]),
    ...roles.flatMap((role) => [heading(`Act as the role ${role.arn}:`), indented(assignments(role.environment))]),
    'Press Ctrl-C to stop the sandbox and remove the certificates.',
  ];
  return paragraphs.filter((paragraph) => paragraph !== '').join('\n\n');
}

/** How to get files for the clients without any. */
function requestParagraphs(clients: readonly ClientAccess[], roles: readonly RoleAccess[]): readonly string[] {
  const lines = clients
    .filter(({ files }) => files === undefined)
    .map(({ name }) => `mtls-mesh request --client ${name}`);
  if (lines.length === 0) return [];
  const role = roles.length > 0 ? 'a role below' : '`--role`';
  return [heading(`Request certificates for clients that keep their own key, as ${role}:`), indented(lines)];
}

/** Writes the files of a client, with what its servers need. */
function fetchCommand({ name, clientAuthoritiesUrl, revocationListsUrl }: ClientAccess): readonly string[] {
  const options = [
    ...(clientAuthoritiesUrl ? [`--client-ca ${clientAuthoritiesUrl}`] : []),
    ...(revocationListsUrl ? [`--crl ${revocationListsUrl}`] : []),
  ];
  return wrappedCommand(['mtls-mesh fetch', `--client ${name}`, ...options].join(' '), width() - INDENT.length);
}

const INDENT = '  ';

/** A command line that fits the terminal, and the status of the answer unless it is a success. */
function command(line: string, status = 200): string {
  const lines = indented(wrappedCommand(line, width() - INDENT.length));
  return status < 300 ? lines : `${lines}  # answers ${status}`;
}

function heading(text: string): string {
  return colors.bold(text);
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `${INDENT}${line}`).join('\n');
}
