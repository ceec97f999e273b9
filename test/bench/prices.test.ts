import { measureHourlyRun, measureRotation, SIZES } from '../../bench/prices';
import { partsOf, pricesSection } from '../../bench/prices-page';
import { readPage } from '../docs/markdown';

const LARGEST = SIZES.at(-1) ?? 0;

test('the page of prices has what the script writes', async () => {
  const { section } = partsOf(readPage('docs/prices.md'));
  // The simulation of the largest mesh takes minutes.
  const [, dollars] = /^\| Hourly runs \|.*\$([\d.]+) \|$/m.exec(section) ?? [];
  expect(Number(dollars)).toBeGreaterThan(0);
  const hourlyRuns = new Map([[LARGEST, Number(dollars)]]);
  for (const clients of SIZES.slice(0, -1)) hourlyRuns.set(clients, await measureHourlyRun(clients));
  expect(pricesSection({ rotation: await measureRotation(), hourlyRuns })).toBe(section);
});

test('a page without the section is not overwritten', () => {
  expect(() => partsOf('# Prices\n')).toThrow('the page must have the lines <!-- begin: npm run bench -- prices -->');
});
