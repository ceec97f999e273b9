import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SANDBOX_ACCOUNT } from '../../sandbox/account';
import { globOf, type WatchedFiles } from './app-watcher';

/** A synthesized app: a `cdk.out` directory. */
export interface Assembly {
  readonly directory: string;
  /** The files that it comes from. */
  readonly files: WatchedFiles;
  /** Synthesizes the app again, into the same directory. A directory that was given is as it is. */
  synthesize(): Promise<void>;
  /** Removes the directory if it was created for this run. */
  dispose(): Promise<void>;
}

/** The app can't be synthesized. The message says what to do. */
class SynthesisError extends Error {
  override readonly name = 'SynthesisError';
}

/**
 * Opens a `cdk.out` directory, or synthesizes an app as the CDK CLI does.
 * https://docs.aws.amazon.com/cdk/v2/guide/apps.html
 *
 * @param app a `cdk.out` directory or a command; by default, `app` of `cdk.json`
 */
export async function openAssembly(app: string | undefined): Promise<Assembly> {
  const configuration: CdkJson = await readJsonObject('cdk.json');
  const named = app ?? configuration.app;
  if (named === undefined) {
    throw new SynthesisError(
      'found no cdk.json with an "app" in this directory: specify --app with a cdk.out directory or a command',
    );
  }
  if (isDirectory(named)) {
    // The CDK writes these files last.
    const files = { include: globOf(named).map((glob) => `${glob}/*.json`), exclude: [] };
    return { directory: named, files, synthesize: async () => undefined, dispose: async () => undefined };
  }

  const directory = await mkdtemp(join(tmpdir(), 'mtls-mesh-'));
  const dispose = () => rm(directory, { recursive: true, force: true });
  const synthesize = () => synthesizeInto(directory, named);
  try {
    await synthesize();
  } catch (error) {
    await dispose();
    throw error;
  }
  return { directory, files: sourcesOf(configuration), synthesize, dispose };
}

async function synthesizeInto(directory: string, command: string): Promise<void> {
  const configuration: CdkJson = await readJsonObject('cdk.json');
  const context = { ...(await readJsonObject('cdk.context.json')), ...configuration.context };
  const manifest = join(directory, 'manifest.json');
  await rm(manifest, { force: true });
  await run(command, {
    ...process.env,
    CDK_OUTDIR: directory,
    CDK_CONTEXT_JSON: JSON.stringify(context),
    CDK_DEFAULT_ACCOUNT: SANDBOX_ACCOUNT.id,
    CDK_DEFAULT_REGION: SANDBOX_ACCOUNT.region,
  });
  if (!existsSync(manifest)) {
    throw new SynthesisError(`the command \`${command}\` succeeded but did not synthesize a CDK app`);
  }
}

/**
 * The files that `cdk watch` watches, by `watch` of cdk.json: by default all, without directories whose names begin with a
 * dot, `node_modules`, and the CDK's output. https://docs.aws.amazon.com/cdk/v2/guide/ref-cli-cmd-watch.html
 */
function sourcesOf({ watch = {}, output = 'cdk.out' }: CdkJson): WatchedFiles {
  const { include = '**', exclude = [] } = watch;
  return {
    include: [include].flat(),
    exclude: [...[exclude].flat(), ...globOf(output), '**/.*', '**/node_modules'],
  };
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

interface CdkJson {
  readonly app?: string;
  readonly context?: Readonly<Record<string, unknown>>;
  /** The directory of synthesized apps. */
  readonly output?: string;
  readonly watch?: { readonly include?: string | readonly string[]; readonly exclude?: string | readonly string[] };
}

/** An empty object when there is no such file. */
async function readJsonObject(file: string): Promise<object> {
  if (!existsSync(file)) return {};
  const value = await readFile(file, 'utf8')
    .then(JSON.parse)
    .catch((cause: unknown) => {
      throw new SynthesisError(`${file} is not valid JSON`, { cause });
    });
  if (typeof value !== 'object' || value === null) throw new SynthesisError(`${file} must contain a JSON object`);
  return value;
}

/** Runs a command line in the platform's shell, with the project's `node_modules/.bin` on the path. */
function run(command: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const pathVariable = Object.keys(environment).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  const separator = process.platform === 'win32' ? ';' : ':';
  const path = [join(process.cwd(), 'node_modules', '.bin'), environment[pathVariable]].join(separator);
  return new Promise((resolve, reject) => {
    const child = spawn(command, {
      shell: true,
      env: { ...environment, [pathVariable]: path },
      // The app's output goes to standard error: standard output is for the result.
      stdio: ['ignore', 2, 2],
    });
    child.on('error', (cause) => reject(new SynthesisError(`could not run the command \`${command}\``, { cause })));
    child.on('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new SynthesisError(failureOf(command, signal ?? `exit code ${code}`)));
    });
  });
}

function failureOf(command: string, outcome: string): string {
  const failure = `the command \`${command}\` failed with ${outcome}`;
  // One word may have been meant as a directory.
  if (/\s/.test(command)) return failure;
  return (
    `there is no directory ${command}, and ${failure}: specify --app with a directory that \`cdk synth --output\` has ` +
    'written, or with a command that synthesizes the app'
  );
}
