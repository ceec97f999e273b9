/** The page names the versions that the package declares and that the tests try. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { devDependencies, engines, peerDependencies } from '../../package.json';
import { readPage } from './markdown';

const repository = join(__dirname, '..', '..');

/** The cells of the row that begins with `title`. */
function row(title: string): readonly string[] {
  const line = readPage('docs/versions.md')
    .split('\n')
    .find((one) => one.startsWith(`| ${title}`));
  return line?.split('|').map((cell) => cell.trim()) ?? [];
}

test.each(['aws-cdk-lib', 'constructs'] as const)('%s', (name) => {
  const floor = peerDependencies[name].replace('^', '');
  expect(row(`\`${name}\``).slice(2, 4)).toEqual([floor, `${floor} and ${devDependencies[name]}`]);
});

test('Node.js', () => {
  expect(row('Node.js')[2]).toBe(engines.node.replace('>=', ''));
});

test('TypeScript', () => {
  const source = readFileSync(join(repository, 'test', 'package', 'modules.test.ts'), 'utf8');
  const [, versions = ''] = /const TYPESCRIPT = \[(.*)\];/.exec(source) ?? [];
  const tried = versions.replaceAll("'", '').split(', ');
  expect(row('TypeScript').slice(2, 4)).toEqual([
    tried[0]?.replace(/\.\d+$/, ''),
    `${tried.slice(0, -1).join(', ')}, and ${tried.at(-1)}`,
  ]);
});
