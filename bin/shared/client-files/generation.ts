import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ClientFile } from './contents';

/** The name of the file that describes the files beside it. */
export const DESCRIPTION = '.generation';

/** The files of a client that were written together. */
export interface Generation {
  /** Of the contents and the access. Empty while files are renamed into their places. */
  readonly id: string;
  /** SHA-256 of each file by its name. While files are renamed, also of those that may be left of the generation before. */
  readonly digests: ReadonlyMap<string, string>;
}

export function generationOf(files: readonly ClientFile[], id: string): Generation {
  return { id, digests: new Map(files.map(({ name, contents }) => [name, digestOf(contents)])) };
}

export function describeGeneration({ id, digests }: Generation): string {
  return JSON.stringify({ id, digests: [...digests] });
}

/** The generation that a directory has. Undefined without a description, or with one that this command did not write. */
export async function readGeneration(directory: string): Promise<Generation | undefined> {
  try {
    const { id, digests } = JSON.parse(await readFile(join(directory, DESCRIPTION), 'utf8'));
    const files = new Map<string, string>(digests);
    // Not of elsewhere, because the files are removed later.
    return [...files.keys()].every((name) => name === basename(name)) ? { id: String(id), digests: files } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the files are as they were written. They aren't after a change by hand, or by two runs at once. */
export async function isIntact(directory: string, { digests }: Generation): Promise<boolean> {
  const found = await Promise.all([...digests.keys()].map((name) => readFile(join(directory, name)).catch(() => '')));
  return [...digests.values()].every((digest, index) => digest === digestOf(found[index] ?? ''));
}

function digestOf(contents: string | Buffer): string {
  return createHash('sha256').update(contents).digest('hex');
}
