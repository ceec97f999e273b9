/** The page on errors, compared with the code that has them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DENIAL_REASONS } from '../../mesh/contract';
import { readPage } from './markdown';

const repository = join(__dirname, '..', '..');
const page = readPage('docs/troubleshooting.md');

function sourceOf(...folders: readonly string[]): string {
  return folders
    .flatMap((folder) =>
      readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => readFileSync(join(repository, folder, name), 'utf8')),
    )
    .join('\n');
}

/** With the parts of a text joined, as the program joins them. */
const source = sourceOf('aws', 'bin', 'client', 'lambda', 'lib', 'mesh', 'pki', 'registry', 'sandbox')
  .replaceAll(/(['"`])\s*\+\s*['"`]/g, '')
  .replaceAll("\\'", "'");

/** Without the section that has the texts of the clients' own programs. */
const ownTexts = page.replace(/^## Find the fault\n.*?(?=^## )/ms, '');

/** The code spans in the first cell of each row, between the placeholders. */
const texts = [...ownTexts.matchAll(/^\| (`.*?) \|/gm)]
  .flatMap(([, cell = '']) => [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text))
  .filter((text) => text.includes(' '));

test('there are texts', () => {
  expect(ownTexts.length).toBeLessThan(page.length);
  expect(texts.length).toBeGreaterThan(60);
});

test.each(texts)('the code has the text: %s', (text) => {
  const parts = text
    .split(/\s*…\s*/)
    .map((part) => part.replace(/^[:;,)"]+ ?|[ (":,]+$/g, ''))
    .filter((part) => part.length > 3);
  expect(parts.filter((part) => !source.includes(part))).toEqual([]);
});

test('the codes of denials are those that there are', () => {
  const [, section = ''] = /^## A client gets 403\n(.*?)^The `reason`/ms.exec(page) ?? [];
  const documented = [...section.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code);
  expect([...documented].sort()).toEqual([...DENIAL_REASONS].sort());
});
