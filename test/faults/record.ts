/** The results of each test file, for the matrix that is printed at the end. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Result } from './matrix';

/** Environment variable. The processes of the test files inherit it. */
const DIRECTORY = 'FAULTS_RESULTS';

export function beginRecord(): void {
  process.env[DIRECTORY] = mkdtempSync(join(tmpdir(), 'faults-results-'));
}

export function record(results: readonly Result[]): void {
  const name = results[0]?.cell.operation ?? 'nothing';
  writeFileSync(join(directory(), `${name}.json`), JSON.stringify(results));
}

/** Reads and removes all results. */
export function takeRecord(): readonly Result[] {
  const files = readdirSync(directory()).map((name) => readFileSync(join(directory(), name), 'utf8'));
  rmSync(directory(), { recursive: true });
  return files.flatMap((text) => JSON.parse(text) as Result[]);
}

function directory(): string {
  const path = process.env[DIRECTORY];
  if (path === undefined) throw new Error(`${DIRECTORY} must name the directory of the results`);
  return path;
}
