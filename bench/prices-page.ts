import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { METRICS } from '../mesh/contract';
import { HOURS_OF_A_MONTH } from './maintenance';
import { measureHourlyRun, measureRotation, monthlyPrices, type RotationUse, rotationsOf, SIZES } from './prices';
import { AUTHORITY_PRICES, type AuthorityPrice, UNIT_PRICES, type UnitPrice } from './unit-prices';

const PAGE = join(__dirname, '..', 'docs', 'prices.md');

/** The section between these lines is written by `npm run bench -- prices`. */
const BEGIN = '<!-- begin: npm run bench -- prices -->';
const END = '<!-- end -->';

/** Of a mesh with the default options. */
const ALARMS = 5;

const METRICS_WITHOUT_LISTS = Object.values(METRICS).filter((name) => name !== METRICS.revocationListsPublished).length;

/** Clients without their authorizer's memory are looked up again after this time. Seconds. */
const REVOCATION_DELAY = 5;

/** The read units of a lookup of a client. */
const LOOKUP_UNITS = 3;

/** The most clients in a stack of clients, each with three of the 500 resources. */
const CLIENTS_OF_A_STACK = 166;

export interface MeasuredUse {
  readonly rotation: RotationUse;
  /** By number of clients. */
  readonly hourlyRuns: ReadonlyMap<number, number>;
}

/** Measures, and writes the section of the page. The largest mesh takes minutes. */
export async function writePricesPage(): Promise<void> {
  const hourlyRuns = new Map<number, number>();
  for (const clients of SIZES) hourlyRuns.set(clients, await measureHourlyRun(clients));
  const section = pricesSection({ rotation: await measureRotation(), hourlyRuns });
  const { before, after } = partsOf(readFileSync(PAGE, 'utf8'));
  writeFileSync(PAGE, `${before}${section}${after}`);
}

/** @throws Error if the page has no such section */
export function partsOf(page: string): { readonly before: string; readonly section: string; readonly after: string } {
  const [begin, end] = [page.indexOf(BEGIN) + BEGIN.length, page.indexOf(END)];
  if (!page.includes(BEGIN) || end < begin) throw new Error(`the page must have the lines ${BEGIN} and ${END}`);
  return { before: page.slice(0, begin), section: page.slice(begin, end), after: page.slice(end) };
}

export function pricesSection(measured: MeasuredUse): string {
  return [
    '',
    ...AUTHORITY_PRICES.flatMap((authority) => priceTable(authority, measured)),
    `A rotation makes ${measured.rotation.secretCalls} calls of Secrets Manager, and needs ${measured.rotation.writeUnits} write units,`,
    `${measured.rotation.invocations} invocations, and ${measured.rotation.events} events. Not in the table: requests, logs, storage, and what clients read.`,
    '',
    'Each million requests adds',
    `${money(1e6 * UNIT_PRICES.httpRequest.dollars)} for the API, ${money(1e6 * UNIT_PRICES.invocation.dollars)} for invocations of the authorizer, and for each million of lookups ${money(1e6 * LOOKUP_UNITS * UNIT_PRICES.readUnit.dollars)}.`,
    '',
    `| Quota | Default | ${SIZES.map(header).join(' | ')} |`,
    `|---|---|${SIZES.map(() => '---').join('|')}|`,
    ...quotaRows(measured.rotation),
    '',
    'Times are for a rotation of all clients at once. Spread over three days, as by default, rotations of 100,000 clients need',
    `${(rotationsOf(100_000) / HOURS_OF_A_MONTH / 3_600).toFixed(1)} certificates a second. The policy of the authorizer's function (20 KB) and the SSM parameter for other apps (4 KB) have the same size for every number of clients.`,
    '',
    'Unit prices, as their pages had them in November 2026:',
    '',
    ...unitPrices().map(({ quote, source }) => `- [${quote}](${source})`),
    '',
  ].join('\n');
}

function priceTable(authority: AuthorityPrice, { rotation, hourlyRuns }: MeasuredUse): readonly string[] {
  const lists = authority.hasRevocationLists ? 1 : 0;
  const use = { alarms: ALARMS + lists, metrics: METRICS_WITHOUT_LISTS + lists };
  const columns = SIZES.map((clients) => {
    const hourly = hourlyRuns.get(clients) ?? Number.NaN;
    return monthlyPrices({ clients, rotation, hourlyRuns: hourly, ...use }, authority);
  });
  const [first = []] = columns;
  const totals = columns.map((rows) => rows.reduce((sum, { dollars }) => sum + dollars, 0));
  return [
    `| A month with ${authority.name} | ${SIZES.map(header).join(' | ')} |`,
    `|---|${SIZES.map(() => '---').join('|')}|`,
    ...first.map(({ what }, row) =>
      line(
        what,
        columns.map((rows) => money(rows[row]?.dollars ?? Number.NaN)),
      ),
    ),
    line(
      '**Total**',
      totals.map((dollars) => `**${money(Number(dollars.toPrecision(3)))}**`),
    ),
    '',
  ];
}

/** The quotas that bind, and what each size needs of them. */
function quotaRows({ secretChanges }: RotationUse): readonly string[] {
  const row = (what: string, standard: string, need: (clients: number) => string) =>
    line(what, [standard, ...SIZES.map(need)]);
  return [
    row(
      '[ACM PCA: IssueCertificate](https://docs.aws.amazon.com/general/latest/gr/pca.html#limits_pca)',
      '25 a second, can be raised',
      (clients) => duration(clients / 25),
    ),
    row(
      '[AWS KMS: requests with elliptic curve and RSA keys](https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html)',
      '1,000 a second, can be raised',
      (clients) => duration(clients / 1_000),
    ),
    row(
      '[Secrets Manager: PutSecretValue and UpdateSecretVersionStage](https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html)',
      '50 a second',
      (clients) => duration((clients * secretChanges) / 50),
    ),
    row(
      '[Secrets Manager: secrets](https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html)',
      '500,000',
      (clients) => whole(clients),
    ),
    row(
      '[CloudFormation: resources of a stack](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html)',
      '500',
      (clients) => plural(Math.ceil(clients / CLIENTS_OF_A_STACK), 'stack'),
    ),
    row(
      '[DynamoDB: reads of a table](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html), if every client calls all the time, at one instance of the authorizer',
      '40,000 units a second, can be raised',
      (clients) => `${whole((clients * LOOKUP_UNITS) / REVOCATION_DELAY)} units a second`,
    ),
  ];
}

function unitPrices(): readonly UnitPrice[] {
  return [
    ...AUTHORITY_PRICES.flatMap(({ monthly, certificate }) => [monthly, certificate]),
    ...Object.values(UNIT_PRICES),
  ];
}

function header(clients: number): string {
  return `${whole(clients)} clients`;
}

function line(what: string, cells: readonly string[]): string {
  return `| ${what} | ${cells.join(' | ')} |`;
}

function whole(number: number): string {
  return Math.round(number).toLocaleString('en-US');
}

/** Cents below a dollar. */
function money(dollars: number): string {
  return `$${dollars < 1 ? dollars.toFixed(2) : whole(dollars)}`;
}

function duration(seconds: number): string {
  if (seconds < 90) return plural(Math.ceil(seconds), 'second');
  return seconds < 5_400 ? plural(Math.ceil(seconds / 60), 'minute') : `${(seconds / 3_600).toFixed(1)} hours`;
}

function plural(count: number, noun: string): string {
  return `${whole(count)} ${noun}${count === 1 ? '' : 's'}`;
}
