import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as client from '../../client';
import * as sandbox from '../../sandbox';

const root = join(__dirname, '..', '..');
const committed = join(root, 'docs', 'reference');

/** The page has every export, member, type, and default that the docstrings and declarations have. */
test('docs/reference is what typedoc makes of the client and the sandbox: `npm run docs` writes it', () => {
  const generated = mkdtempSync(join(tmpdir(), 'reference-'));
  try {
    const typedoc = join(root, 'node_modules', 'typedoc', 'bin', 'typedoc');
    execFileSync(process.execPath, [typedoc, '--out', generated, '--logLevel', 'Error'], { cwd: root });
    expect(readdirSync(committed).sort()).toEqual(readdirSync(generated).sort());
    for (const page of readdirSync(generated)) {
      expect(readFileSync(join(committed, page), 'utf8')).toBe(readFileSync(join(generated, page), 'utf8'));
    }
  } finally {
    rmSync(generated, { recursive: true, force: true });
  }
}, 120_000);

test.each([
  ['client', client],
  ['sandbox', sandbox],
])('the reference of the %s has every class and function', (name, exported) => {
  const page = readFileSync(join(committed, `${name}.md`), 'utf8');
  for (const each of Object.keys(exported)) expect(page).toMatch(new RegExp(`^## ${each}\\b`, 'm'));
});
