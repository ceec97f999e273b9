import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(__dirname, '..', '..');
const { version, devDependencies, ...manifest } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
export const peerDependencies: Readonly<Record<string, string>> = manifest.peerDependencies;

/** The directory of everything that these tests create. The global setup fills it. */
export const directory = (): string => process.env['PACKAGE_TEST_DIRECTORY'] ?? '';
/** An app that has the packed library and the newest CDK installed, and nothing else of the repository. */
export const app = (): string => join(directory(), 'app');
export const tarball = (): string => join(directory(), `cdk-mtls-service-mesh-${version}.tgz`);
/** The paths of the files in the tarball. */
export const packedFiles = (): readonly string[] => JSON.parse(readFileSync(join(directory(), 'files.json'), 'utf8'));

/** `npm` through the script that runs it, which needs no shell on any platform. */
export function npm(cwd: string, ...args: readonly string[]): string {
  const cli = process.env['npm_execpath'];
  const [program, first] = cli === undefined ? ['npm', []] : [process.execPath, [cli]];
  return execFileSync(program, [...first, ...args], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Node in `cwd` with nothing of the repository's environment on its path. */
export function node(cwd: string, ...args: readonly string[]): string {
  const env = { ...process.env, NODE_PATH: '', CDK_VALIDATION: 'false' };
  return execFileSync(process.execPath, args, { cwd, encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'inherit'] });
}

/** A directory with these packages installed. */
export function install(name: string, packages: readonly string[]): string {
  const cwd = join(directory(), name);
  mkdirSync(cwd);
  writeFileSync(join(cwd, 'package.json'), JSON.stringify({ name, private: true }));
  npm(cwd, 'install', '--no-audit', '--no-fund', '--prefer-offline', ...packages);
  return cwd;
}

/** The packages at the versions that the repository develops with. */
export function pinned(...names: readonly string[]): readonly string[] {
  return names.map((name) => `${name}@${devDependencies[name]}`);
}
