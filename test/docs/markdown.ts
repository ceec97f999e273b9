import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const repository = join(__dirname, '..', '..');

/** The pages that users read, relative to the repository. */
export const PAGES: readonly string[] = [
  'README.md',
  'SECURITY.md',
  ...readdirSync(join(repository, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

export function readPage(page: string): string {
  return readFileSync(join(repository, page), 'utf8');
}

/** The texts of the fenced blocks whose info string begins with `language`, also of those that are indented in a list. */
export function blocksOf(markdown: string, language: string): readonly string[] {
  const fence = new RegExp(`^( *)\`\`\`${language}\\b[^\\n]*\\n(.*?)^\\1\`\`\``, 'gms');
  return [...markdown.matchAll(fence)].map(([, indent = '', text = '']) =>
    text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  );
}

/** The command lines of shell blocks, without comments and with continued lines joined. */
export function commandLinesOf(markdown: string): readonly string[] {
  return blocksOf(markdown, 'sh').flatMap((block) =>
    block
      .replaceAll(/\\\n\s*/g, '')
      .split('\n')
      .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
      .filter((line) => line !== ''),
  );
}
