import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(__dirname, '..', '..');
export const packages = join(root, 'dist', 'jsii');

export interface Language {
  readonly name: 'python' | 'java' | 'go';
  /** The source file of the example. */
  readonly source: string;
  /** `mtls-mesh`, relative to the directory of the example. The Python package brings its own. */
  readonly command: readonly [program: string, ...options: string[]];
  /** What is added to the environment in which the example's `app` command of cdk.json runs. */
  readonly environment: NodeJS.ProcessEnv;
  /** Makes the packages available that the example in `directory` depends on. */
  readonly install: (directory: string) => void;
}

const MAVEN_REPOSITORY = join(root, 'node_modules', '.cache', 'maven');
const COMMAND = [process.execPath, join(root, 'dist', 'bin', 'mtls-mesh.js')] as const;
const GO_MODULE = 'example.com/cdk-mtls-service-mesh-go/cdkmtlsservicemesh';

export const LANGUAGES: readonly Language[] = [
  {
    name: 'python',
    source: 'app.py',
    command: [join('.venv', 'bin', 'mtls-mesh')],
    environment: {},
    install(directory) {
      run('python3', ['-m', 'venv', '.venv'], directory);
      const [wheel] = readdirSync(join(packages, 'python')).filter((file) => file.endsWith('.whl'));
      const requirements = [join(packages, 'python', String(wheel)), '-r', 'requirements.txt'];
      run(join(directory, '.venv', 'bin', 'pip'), ['install', '--quiet', ...requirements], directory);
    },
  },
  {
    name: 'java',
    source: join('src', 'main', 'java', 'example', 'ScheduleMeshApp.java'),
    command: COMMAND,
    // The build of the package has installed it in this repository.
    environment: { MAVEN_OPTS: `${process.env.MAVEN_OPTS ?? ''} -Dmaven.repo.local=${MAVEN_REPOSITORY}` },
    install: () => undefined,
  },
  {
    name: 'go',
    source: 'main.go',
    command: COMMAND,
    environment: {},
    install(directory) {
      run('go', ['mod', 'edit', '-replace', `${GO_MODULE}=${join(packages, 'go', 'cdkmtlsservicemesh')}`], directory);
      run('go', ['mod', 'tidy'], directory);
    },
  },
];

/** For each language, the programs that its package needs and this machine doesn't have. */
export const missing: Readonly<Record<string, readonly string[]>> = JSON.parse(
  readFileSync(join(packages, 'missing.json'), 'utf8'),
);

function run(program: string, options: readonly string[], cwd: string): void {
  execFileSync(program, options, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
}
