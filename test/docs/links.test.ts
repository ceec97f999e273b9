import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PAGES, readPage } from './markdown';

const repository = join(__dirname, '..', '..');

/** As GitHub derives it from a heading. */
function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

function anchorsOf(markdown: string): readonly string[] {
  const text = markdown.replaceAll(/^ *```.*?^ *```/gms, '');
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading));
}

const links = PAGES.flatMap((page) =>
  [...readPage(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => ({ page, target })),
);

test.each(links.filter(({ target }) => !/^[a-z]+:/.test(target)))(
  '$page links to what there is: $target',
  ({ page, target }) => {
    const [path = '', anchor] = target.split('#');
    const file = path === '' ? page : join(dirname(page), path);
    expect(existsSync(join(repository, file))).toBe(true);
    if (anchor !== undefined) expect(anchorsOf(readPage(file))).toContain(anchor);
  },
);

test('all other links are https', () => {
  expect(links.filter(({ target }) => /^[a-z]+:/.test(target) && !target.startsWith('https://'))).toEqual([]);
});

test('the README links to each page', () => {
  const readme = readPage('README.md');
  for (const page of PAGES.filter((one) => one.startsWith('docs/'))) expect(readme).toContain(`](${page}`);
});
