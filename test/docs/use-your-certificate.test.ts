/** The code on the page is that of the examples, which the interop tests run. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { blocksOf, readPage } from './markdown';

const examples = join(__dirname, '..', '..', 'examples', 'programs');
const page = readPage('docs/use-your-certificate.md');

/** The files of the directories, by their texts. */
const files = new Map(
  ['node', 'python', 'go', 'ruby', 'java', 'tomcat', 'wildfly', 'chromium'].flatMap((directory) =>
    readdirSync(join(examples, directory)).map((name) => [
      readFileSync(join(examples, directory, name), 'utf8'),
      `${directory}/${name}`,
    ]),
  ),
);

test.each([
  ['js', 4],
  ['python', 3],
  ['go', 2],
  ['ruby', 3],
  ['java', 2],
  ['xml', 1],
  ['cli', 1],
  ['json', 1],
])('%s', (language, count) => {
  const blocks = blocksOf(page, language);
  expect(blocks).toHaveLength(count);
  expect(blocks.filter((block) => !files.has(block))).toEqual([]);
});

test('sh', () => {
  const scripts = blocksOf(page, 'sh').filter((block) => block.startsWith('#!'));
  expect(scripts.map((script) => files.get(script))).toEqual(['chromium/import-certificate.sh']);
});
