import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The files of the page. `scripts/bundle.mjs` writes them. */
const TYPES = {
  'index.html': 'text/html; charset=utf-8',
  'main.js': 'text/javascript; charset=utf-8',
  'console.css': 'text/css; charset=utf-8',
  'icon.svg': 'image/svg+xml',
} as const;

export interface PageFile {
  readonly type: string;
  readonly body: Buffer;
}

/** By path below the token. That of `index.html` is empty. */
export function readPageFiles(): ReadonlyMap<string, PageFile> {
  // By the package's own name, so the path is the same for sources and bundles.
  const directory = join(
    dirname(require.resolve('cdk-mtls-service-mesh/package.json')),
    'dist',
    'bin',
    'console',
    'page',
  );
  return new Map(
    Object.entries(TYPES).map(([name, type]) => [
      name === 'index.html' ? '' : name,
      { type, body: readFileSync(join(directory, name)) },
    ]),
  );
}
