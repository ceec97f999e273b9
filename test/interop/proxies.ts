/** Starts the proxies of `examples/programs`, which read their files when they are told to. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withRevocationLists } from '../../bin/config/revocation-lists';
import { type Command, copyExample, Program, type Surroundings } from './example-programs';

export interface ExampleProxy {
  readonly name: string;
  readonly program: string;
  /** A directory of `examples/programs`. */
  readonly example: string;
  /** The configurations of both sides. */
  readonly server: string;
  readonly client: string;
  /** @param run directory for what the proxy writes */
  readonly command: (configuration: string, run: string) => Command;
  /** A line for the shell. Absent if the proxy follows its files. */
  readonly reload?: (configuration: string, run: string) => string;
  /** Whether it lets clients resume sessions. */
  readonly resumes: boolean;
  /** Requests a second during a rotation. */
  readonly rate: number;
}

export const PROXIES: readonly ExampleProxy[] = [
  {
    name: 'NGINX',
    program: 'nginx',
    example: 'nginx',
    server: 'server.conf',
    client: 'client.conf',
    command: (configuration) => ['nginx', '-c', configuration, '-g', 'daemon off;'],
    reload: (configuration) => `nginx -c '${configuration}' -s reload`,
    resumes: true,
    rate: 200,
  },
  {
    name: 'Apache httpd',
    program: 'apache2',
    example: 'apache',
    server: 'server.conf',
    client: 'client.conf',
    command: (configuration) => ['apache2', '-f', configuration, '-D', 'FOREGROUND'],
    reload: (configuration) => `apache2 -f '${configuration}' -k graceful`,
    resumes: true,
    rate: 50,
  },
  {
    name: 'HAProxy',
    program: 'haproxy',
    example: 'haproxy',
    server: 'server.cfg',
    client: 'client.cfg',
    command: (configuration, run) => ['haproxy', '-W', '-f', configuration, '-p', join(run, 'haproxy.pid')],
    reload: (_, run) => `kill -USR2 $(cat '${join(run, 'haproxy.pid')}')`,
    resumes: true,
    rate: 50,
  },
  {
    name: 'Envoy',
    program: 'envoy',
    example: 'envoy',
    server: 'server.yaml',
    client: 'client.yaml',
    command: (configuration) => [
      'envoy',
      '-c',
      configuration,
      '--concurrency',
      '1',
      '--use-dynamic-base-id',
      '-l',
      'error',
    ],
    resumes: true,
    rate: 50,
  },
];

/** As `mtls-mesh config --crl` writes it. */
function useRevocationLists(folder: string): void {
  const paths = readdirSync(folder).map((name) => join(folder, name));
  const texts = paths.map((path) => readFileSync(path, 'utf8'));
  const changed = withRevocationLists(texts, 's3://bucket/crl.pem') ?? [];
  for (const [index, path] of paths.entries()) writeFileSync(path, changed[index] ?? '');
}

export class RunningProxy {
  private constructor(
    private readonly program: Program,
    /** Tells it to read its files. */
    readonly reloadCommand: string | undefined,
  ) {}

  static start(
    proxy: ExampleProxy,
    side: 'server' | 'client',
    directory: string,
    surroundings: Surroundings,
    changes: Readonly<Record<string, string>>,
    { refusesRevoked = false } = {},
  ): RunningProxy {
    const run = join(directory, 'run');
    mkdirSync(run, { recursive: true });
    const folder = join(directory, 'configuration');
    copyExample(proxy.example, folder, surroundings);
    if (refusesRevoked) useRevocationLists(folder);
    const configuration = join(folder, proxy[side]);
    const own = { '/run/mtls-mesh': run, [join(surroundings.files, proxy.example)]: folder };
    const text = Object.entries({ ...own, ...changes }).reduce(
      (changed, [before, after]) => changed.replaceAll(before, after),
      readFileSync(configuration, 'utf8'),
    );
    writeFileSync(configuration, text);
    return new RunningProxy(new Program(proxy.command(configuration, run), {}), proxy.reload?.(configuration, run));
  }

  get hasEnded(): boolean {
    return this.program.hasEnded;
  }

  get stderr(): string {
    return this.program.stderr;
  }

  /** @throws Error if the command fails, for example because key and certificate don't belong together */
  reload(): void {
    if (this.reloadCommand === undefined) return;
    const { status, stderr } = spawnSync(this.reloadCommand, { shell: true, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${this.reloadCommand} failed: ${stderr}`);
  }

  stop(): Promise<void> {
    // Lets it end its children, too.
    return this.program.stop('SIGTERM');
  }
}
