import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A synthesized app: a `cdk.out` directory. */
export interface Assembly {
  readonly directory: string;
  /** Removes the directory if it was made for this run. */
  dispose(): Promise<void>;
}

/** An app can't be synthesized; the message says what to do. */
class AssemblyError extends Error {
  override readonly name = 'AssemblyError';
}

/**
 * The assembly that `app` names: a `cdk.out` directory as it is, or what a command writes when it is run as the CDK
 * CLI runs it, with `CDK_OUTDIR` and `CDK_CONTEXT_JSON`. Without `app`, the command and the context of `cdk.json`.
 * https://docs.aws.amazon.com/cdk/v2/guide/apps.html
 */
export async function openAssembly(app: string | undefined): Promise<Assembly> {
  if (app !== undefined && existsSync(app) && statSync(app).isDirectory()) {
    return { directory: app, dispose: async () => undefined };
  }
  const configuration = await readCdkJson();
  const command = app ?? configuration.app;
  if (command === undefined) {
    throw new AssemblyError('there is no cdk.json with an "app" here: give --app a cdk.out directory or a command');
  }
  const directory = await mkdtemp(join(tmpdir(), 'mtls-mesh-'));
  const dispose = () => rm(directory, { recursive: true, force: true });
  try {
    await run(command, {
      ...process.env,
      CDK_OUTDIR: directory,
      CDK_CONTEXT_JSON: JSON.stringify(configuration.context ?? {}),
    });
    if (!existsSync(join(directory, 'manifest.json'))) {
      throw new AssemblyError(`the command \`${command}\` ended well but synthesized no CDK app`);
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return { directory, dispose };
}

interface CdkJson {
  readonly app?: string;
  readonly context?: Readonly<Record<string, unknown>>;
}

async function readCdkJson(): Promise<CdkJson> {
  if (!existsSync('cdk.json')) return {};
  try {
    return JSON.parse(await readFile('cdk.json', 'utf8'));
  } catch (cause) {
    throw new AssemblyError('cdk.json is not valid JSON', { cause });
  }
}

/** Runs a command line in the platform's shell with the project's own binaries on the path, as `npm` and `cdk` do. */
function run(command: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const pathVariable = Object.keys(environment).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  const separator = process.platform === 'win32' ? ';' : ':';
  const path = [join(process.cwd(), 'node_modules', '.bin'), environment[pathVariable]].join(separator);
  return new Promise((resolve, reject) => {
    const child = spawn(command, {
      shell: true,
      env: { ...environment, [pathVariable]: path },
      // What the app prints is for a person: standard output stays free for --json.
      stdio: ['ignore', 2, 2],
    });
    child.on('error', (cause) => reject(new AssemblyError(`could not run \`${command}\``, { cause })));
    child.on('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new AssemblyError(`the command \`${command}\` failed with ${signal ?? `exit code ${code}`}`));
    });
  });
}
