import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SANDBOX_ACCOUNT } from '../sandbox/account';

/** A synthesized app: a `cdk.out` directory. */
export interface Assembly {
  readonly directory: string;
  /** Removes the directory if it was made for this run. */
  dispose(): Promise<void>;
}

/** An app can't be synthesized; the message says what to do. */
class SynthesisError extends Error {
  override readonly name = 'SynthesisError';
}

/**
 * The assembly that `app` names: a `cdk.out` directory as it is, or what a command writes when it is run as the CDK
 * CLI runs it. Without `app`, the one that `cdk.json` names.
 * https://docs.aws.amazon.com/cdk/v2/guide/apps.html
 */
export async function openAssembly(app: string | undefined): Promise<Assembly> {
  const configuration: CdkJson = await readJsonObject('cdk.json');
  const named = app ?? configuration.app;
  if (named === undefined) {
    throw new SynthesisError('there is no cdk.json with an "app" here: give --app a cdk.out directory or a command');
  }
  if (isDirectory(named)) return { directory: named, dispose: async () => undefined };

  const context = { ...(await readJsonObject('cdk.context.json')), ...configuration.context };
  const directory = await mkdtemp(join(tmpdir(), 'mtls-mesh-'));
  const dispose = () => rm(directory, { recursive: true, force: true });
  try {
    await run(named, {
      ...process.env,
      CDK_OUTDIR: directory,
      CDK_CONTEXT_JSON: JSON.stringify(context),
      CDK_DEFAULT_ACCOUNT: SANDBOX_ACCOUNT.id,
      CDK_DEFAULT_REGION: SANDBOX_ACCOUNT.region,
    });
    if (!existsSync(join(directory, 'manifest.json'))) {
      throw new SynthesisError(`the command \`${named}\` ended well but synthesized no CDK app`);
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return { directory, dispose };
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

interface CdkJson {
  readonly app?: string;
  readonly context?: Readonly<Record<string, unknown>>;
}

/** Empty when there is no such file. */
async function readJsonObject(file: string): Promise<object> {
  if (!existsSync(file)) return {};
  const value = await readFile(file, 'utf8')
    .then(JSON.parse)
    .catch((cause: unknown) => {
      throw new SynthesisError(`${file} is not valid JSON`, { cause });
    });
  if (typeof value !== 'object' || value === null) throw new SynthesisError(`${file} must hold a JSON object`);
  return value;
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
    child.on('error', (cause) => reject(new SynthesisError(`could not run \`${command}\``, { cause })));
    child.on('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new SynthesisError(`the command \`${command}\` failed with ${signal ?? `exit code ${code}`}`));
    });
  });
}
