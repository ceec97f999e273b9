import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { AwsError } from '../../../endpoint/api';
import { CFN_RESPONSE } from './cfn-response';
import type { FunctionProperties } from './function-configuration';
import { isPython } from './interpreters';

/** The published assets. */
export interface Assets {
  /** The file or directory of an object key in the asset bucket. */
  pathOf(objectKey: string): string | undefined;
}

/** The code of a function in a directory. */
export interface FunctionCode {
  readonly directory: string;
  /** Deletes the files that were written for it. */
  remove(): Promise<void>;
}

export async function layOut({ Code, Runtime }: FunctionProperties, assets: Assets): Promise<FunctionCode> {
  const { S3Key, ZipFile } = Code;
  if (ZipFile !== undefined) return inlineCode(isPython(Runtime) ? 'python' : 'node', ZipFile);
  if (S3Key === undefined) throw invalid('Code must have ZipFile or S3Key');
  const directory = assets.pathOf(S3Key);
  if (directory === undefined) throw invalid(`there is no asset ${S3Key}`);
  if (!(await stat(directory)).isDirectory())
    throw invalid(`the sandbox runs code from directories only, got ${directory}`);
  return { directory, remove: async () => undefined };
}

/** Lambda writes the text to a file named `index`. */
async function inlineCode(language: 'node' | 'python', text: string): Promise<FunctionCode> {
  const directory = await mkdtemp(join(tmpdir(), 'function-code-'));
  const answering = CFN_RESPONSE[language];
  const files = [{ path: language === 'node' ? 'index.js' : 'index.py', text }, answering];
  for (const file of files) {
    const path = join(directory, file.path);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, file.text);
  }
  return { directory, remove: () => rm(directory, { recursive: true, force: true }) };
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterValueException', message);
}
