/** Runs the programs of `examples/programs` with the paths, names, and ports of a test. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { COMMAND } from '../bin/shared/command';
import type { Files } from './files';
import type { RunningMesh } from './running-mesh';

const root = join(__dirname, '..', '..');

/** What stands in the examples for what differs from machine to machine. */
export interface Surroundings {
  /** For `/etc/mtls-mesh`. */
  readonly files: string;
  /** For `https://mesh.example.com`. */
  readonly mesh: string;
  /** For port 8443 on all addresses. The server then listens on loopback only. */
  readonly port: number;
}

/**
 * Copies a directory of `examples/programs` to another place.
 * @param changes texts that each file has instead of others
 * @throws Error if no file contains the text to change
 */
export function copyExample(
  name: string,
  target: string,
  { files, mesh, port }: Surroundings,
  changes: Readonly<Record<string, string>> = {},
): string {
  cpSync(join(root, 'examples', 'programs', name), target, { recursive: true });
  const texts = new Map(readdirSync(target).map((file) => [file, readFileSync(join(target, file), 'utf8')]));
  const replace = (before: string, after: string) => {
    const changed = [...texts].filter(([, text]) => text.includes(before));
    for (const [file, text] of changed) texts.set(file, text.replaceAll(before, after));
    return changed.length > 0;
  };
  for (const [before, after] of Object.entries(changes)) {
    if (!replace(before, after)) throw new Error(`no file of ${name} contains ${before}`);
  }
  replace('/etc/mtls-mesh', files);
  replace('https://mesh.example.com', mesh);
  replace('0.0.0.0', '127.0.0.1');
  replace('8443', String(port));
  for (const [file, text] of texts) writeFileSync(join(target, file), text);
  const modules = join(target, 'node_modules');
  if (name === 'node' && !existsSync(modules)) symlinkSync(join(root, 'node_modules'), modules);
  return target;
}

/** Compiles the example in Go. @returns the path of the program */
export function buildGo(directory: string): string {
  const program = join(directory, 'program');
  execFileSync('go', ['build', '-o', program, '.'], { cwd: directory, stdio: ['ignore', 'ignore', 'inherit'] });
  return program;
}

/** Below those that systems give to connections, which could take it before a program does. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(randomInt(20_000, 32_000), '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return freePort();
  }
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return port;
}

export type Command = readonly [program: string, ...options: string[]];

/** A program that runs until it is stopped. */
export class Program {
  private readonly child: ChildProcess;
  private readonly ended: Promise<unknown>;
  private readonly lines: AsyncIterator<string>;
  private errors = '';

  constructor([program, ...options]: Command, environment: NodeJS.ProcessEnv) {
    this.child = spawn(program, options, { env: { ...process.env, ...environment }, stdio: 'pipe' });
    this.ended = once(this.child, 'close');
    this.child.stderr?.on('data', (chunk) => {
      this.errors += chunk;
    });
    // A program that has ended takes no more lines.
    this.child.stdin?.on('error', () => undefined);
    if (this.child.stdout === null) throw new Error('the program has no standard output');
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  get stderr(): string {
    return this.errors;
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  write(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  /** The next line on standard output. @throws Error if the program has ended */
  async nextLine(): Promise<string> {
    const { done, value } = await this.lines.next();
    if (done) throw new Error(`the program has ended: ${this.errors}`);
    return value;
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.child.kill(signal);
    await this.ended;
  }
}

/**
 * Starts the command that keeps the files of the client `mail` current. It looks at once when it gets SIGHUP.
 * @param options more of them
 */
export async function startAgent(mesh: RunningMesh, files: Files, options: readonly string[] = []): Promise<Program> {
  const stores = ['--format', 'pem,p12', '--truststore', 'p12', '--password-file', files.passwordFile];
  const client = ['--mesh', 'mesh.example.com', '--client', `mail=${files.mail}`];
  const agent = new Program([process.execPath, COMMAND, 'agent', ...client, ...stores, ...options], mesh.environment);
  const started = await agent.nextLine();
  if (!started.includes('the agent looks')) throw new Error(started);
  return agent;
}
