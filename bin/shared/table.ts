import Table from 'cli-table3';
import type { ClientSecret } from '../../mesh/client-secret';
import { colors, shortTime, width } from './terminal';

export interface Column {
  readonly head: string;
  /** Columns are left out in the order of this number while the table is too wide. Absent for one that always stays. */
  readonly leftOut?: number;
}

/** The narrowest column of a table that is too wide. */
const MIN_COLUMN = 10;

/** Rows under a head, for a person to read, at most as wide as the terminal. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], limit = width()): string {
  const drawn = draw(columns, rows);
  if (widthOf(drawn) <= limit) return drawn;
  const optional = columns.flatMap(({ leftOut }) => leftOut ?? []);
  if (optional.length > 0) {
    const index = columns.findIndex(({ leftOut }) => leftOut === Math.min(...optional));
    const without = <T>(cells: readonly T[]) => cells.filter((_, position) => position !== index);
    return table(without(columns), rows.map(without), limit);
  }
  return draw(columns, rows, columnWidths(columns, rows, limit));
}

function draw(columns: readonly Column[], rows: readonly (readonly string[])[], colWidths?: number[]): string {
  const drawn = new Table({
    head: columns.map(({ head }) => colors.bold(head)),
    style: { head: [], border: [] },
    ...(colWidths && { colWidths, wordWrap: true, wrapOnWordBoundary: false }),
  });
  for (const row of rows) drawn.push([...row]);
  return drawn.toString();
}

/** The widest columns become narrower until the table fits. Widths include a space on each side. */
function columnWidths(columns: readonly Column[], rows: readonly (readonly string[])[], limit: number): number[] {
  const widths = columns.map(({ head }, index) => 2 + widthOf([head, ...rows.map((row) => row[index])].join('\n')));
  const total = () => widths.reduce((sum, each) => sum + each + 1, 1);
  while (total() > limit && Math.max(...widths) > MIN_COLUMN) {
    const widest = Math.max(...widths);
    widths[widths.indexOf(widest)] = widest - 1;
  }
  return widths;
}

function widthOf(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
  return Math.max(...text.split('\n').map((line) => line.replace(/\u001b\[\d+m/g, '').length));
}

/** The clients of a mesh in the sandbox with their current certificates. */
export function clientTable(secrets: readonly ClientSecret[]): string {
  return table(
    [{ head: 'Client' }, { head: 'SPIFFE ID' }, { head: 'Serial number', leftOut: 1 }, { head: 'Expires' }],
    secrets.map(({ clientName, spiffeId, serialNumber, notAfter }) => [
      clientName,
      spiffeId,
      serialNumber,
      shortTime(notAfter),
    ]),
  );
}
