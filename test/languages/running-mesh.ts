import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Language } from './languages';

/** What `mtls-mesh up --json` prints. */
interface Access {
  readonly gatewayPort: number;
  readonly serverAuthority: string;
  readonly clients: readonly {
    readonly name: string;
    readonly files: { readonly certificate: string; readonly privateKey: string };
  }[];
}

interface Answer {
  readonly status: number | undefined;
  readonly body: unknown;
}

/** `mtls-mesh up --json` in the directory of an app. */
export class RunningMesh {
  /** @throws if the command ends before the mesh runs */
  static async start([program, ...options]: Language['command'], cwd: string, env: NodeJS.ProcessEnv) {
    const stdio = ['ignore', 'pipe', 'pipe'] as const;
    // The command may start others, such as the one in the Python package. They are signalled together, as a terminal does.
    const child = spawn(program, [...options, 'up', '--json'], { cwd, env, stdio: [...stdio], detached: true });
    let printed = '';
    let errors = '';
    child.stderr?.on('data', (chunk) => {
      errors += chunk;
    });
    const access = new Promise<Access>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', () => reject(new Error(`mtls-mesh ended: ${errors}`)));
      child.stdout?.on('data', (chunk) => {
        printed += chunk;
        if (printed.includes('\n')) resolve(JSON.parse(printed));
      });
    });
    return new RunningMesh(child, cwd, await access);
  }

  private constructor(
    private readonly process: ChildProcess,
    private readonly directory: string,
    private readonly access: Access,
  ) {}

  /** @param clientName the client to call as; without it, the request has no client certificate */
  async get(path: string, clientName?: string): Promise<Answer> {
    const read = (file: string) => readFileSync(join(this.directory, file));
    const client = this.access.clients.find(({ name }) => name === clientName);
    const outgoing = request({
      host: '127.0.0.1',
      port: this.access.gatewayPort,
      servername: 'mesh.example.com',
      headers: { host: 'mesh.example.com' },
      path,
      agent: false,
      ca: read(this.access.serverAuthority),
      ...(client && { cert: read(client.files.certificate), key: read(client.files.privateKey) }),
    });
    const [response] = await once(outgoing.end(), 'response');
    return { status: response.statusCode, body: JSON.parse(await text(response)) };
  }

  async stop(): Promise<void> {
    const { pid, exitCode } = this.process;
    if (pid === undefined || exitCode !== null) return;
    const closed = once(this.process, 'close');
    process.kill(-pid, 'SIGINT');
    await closed;
  }
}
