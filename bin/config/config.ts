import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { S3Object } from '../../aws/s3';
import { CLIENT_FILES } from '../shared/client-files/contents';
import { UsageError } from '../shared/exit-codes';
import { CALLER_PLACEHOLDER, namesCallers, withValues } from './example-values';
import { withRevocationLists } from './revocation-lists';

export interface ConfigOptions {
  /** The client's name. */
  readonly client: string;
  /** The mesh's trust domain, which is also the name that clients call. */
  readonly mesh: string;
  /** @default - both */
  readonly side?: Side;
  /** The directory of the client's files. @default - `/etc/mtls-mesh/<client>` */
  readonly files?: string;
  /** The clients that a server admits. @default - a placeholder, where its configuration names them */
  readonly allow?: readonly string[];
  /** The object with the revocation lists that servers use. @default - they use `crl.pem` if the directory has it */
  readonly crl?: S3Object;
  /** A directory to write to. @default - prints */
  readonly out?: string;
}

export const SIDES = ['client', 'server'] as const;
type Side = (typeof SIDES)[number];

/** What no configuration has to quote. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/** Prints, or writes, a configuration or a program that works with the files of a client. */
export function runConfig(program: string, options: ConfigOptions): void {
  const files = filesOf(program, options);
  const incomplete = files.filter(({ text }) => text.includes(CALLER_PLACEHOLDER)).map(({ name }) => name);
  if (incomplete.length > 0) {
    console.error(
      `replace ${CALLER_PLACEHOLDER} in ${incomplete.join(', ')} by a client that may call: until then, the server admits ` +
        'nobody. --allow <client> does it',
    );
  }
  if (options.out !== undefined) {
    mkdirSync(options.out, { recursive: true });
    for (const { name, text } of files) writeNew(join(options.out, name), text);
    console.log(`wrote ${files.map(({ name }) => name).join(', ')} to ${options.out}`);
    return;
  }
  console.log(
    files
      .map(({ name, text }) => (files.length > 1 ? `==> ${name} <==\n${text}` : text))
      .join('\n')
      .trimEnd(),
  );
}

/** @throws Error if there is such a file */
function writeNew(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx' });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    throw new Error(`${path} exists, and is not replaced: delete it, or use another directory`, { cause });
  }
}

interface ConfigFile {
  readonly name: string;
  readonly text: string;
}

/**
 * @throws UsageError for an unknown program, for values that would have to be quoted in a configuration, and for callers or
 * revocation lists that the program's configuration doesn't name
 */
export function filesOf(program: string, options: ConfigOptions): readonly ConfigFile[] {
  const { client, mesh, side, crl, allow, files = `/etc/mtls-mesh/${client}` } = options;
  const known = programs();
  if (!known.includes(program)) {
    throw new UsageError(`there is no example for ${JSON.stringify(program)}: there are ${known.join(', ')}`);
  }
  const directory = resolve(files);
  if (!PLAIN.test(directory)) {
    throw new UsageError(`--files must be a path that no configuration has to quote, got ${JSON.stringify(files)}`);
  }
  const folder = join(examples(), program);
  const all = readdirSync(folder);
  const names = all.filter((name) => side === undefined || isOfSide(name, side));
  // What is for both sides is of no use without a file of the side.
  const hasOtherSide = names.length < all.length;
  if (side !== undefined && hasOtherSide && !names.some((name) => !isOfSide(name, otherThan(side)))) {
    throw new UsageError(`${program} has no example of a ${side}`);
  }
  const originals = names.map((name) => readFileSync(join(folder, name), 'utf8'));
  if (allow !== undefined && !originals.some(namesCallers)) {
    throw new UsageError(
      `the example of ${program} does not name the clients that may call: leave out --allow, and decide by the name that ` +
        'the program gets',
    );
  }
  const values = { files: directory, client, mesh, allowed: allow ?? [CALLER_PLACEHOLDER] };
  const texts = originals.map((text) => withValues(text, values));
  const listed = withLists(texts, directory, crl);
  if (crl !== undefined && listed === undefined) {
    throw new UsageError(`the example of ${program} uses no revocation lists: leave out --crl`);
  }
  return names.map((name, index) => ({ name, text: (listed ?? texts)[index] ?? '' }));
}

/** Undefined if there are no lists, or nothing that uses them. */
function withLists(texts: readonly string[], directory: string, crl?: S3Object): readonly string[] | undefined {
  if (crl !== undefined) return withRevocationLists(texts, `s3://${crl.bucket}/${crl.key}`);
  const isHeld = existsSync(join(directory, CLIENT_FILES.revocationLists));
  return isHeld ? withRevocationLists(texts, `s3://…/${CLIENT_FILES.revocationLists}`) : undefined;
}

/** The programs that the package has examples for. */
export function programs(): readonly string[] {
  return readdirSync(examples(), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** In the package, beside `dist/`, and in the repository. */
function examples(): string {
  const found = ['../../examples/programs', '../../../examples/programs']
    .map((path) => join(__dirname, path))
    .find((path) => existsSync(path));
  if (found === undefined) throw new Error('the examples are missing from the package: install it again');
  return found;
}

function otherThan(side: Side): Side {
  return side === 'client' ? 'server' : 'client';
}

/** A file whose name doesn't begin with a side is for both. */
function isOfSide(name: string, side: Side): boolean {
  const other = otherThan(side);
  return !name.toLowerCase().startsWith(other) && !name.includes(`-${other}.`) && !name.includes(`_${other}.`);
}
