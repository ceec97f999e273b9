// Prints, at the end, a table of what ran with which programs, and of what was left out and why.
const { basename } = require('node:path');

const COLUMNS = ['Tests', 'Programs', 'Passed', 'Failed', 'Left out', 'Why'];

module.exports = class TableReporter {
  rows = new Map();

  onTestResult(_test, { testFilePath, testResults }) {
    const tests = basename(testFilePath, '.test.ts');
    for (const { fullName, status } of testResults) {
      const [, missing] = /\[left out: ([^\]]+) not installed\]/.exec(fullName) ?? [];
      const [, programs] = /\[with ([^\]]+)\]/.exec(fullName) ?? [];
      // Skipped by its name, as with `-t`.
      if (status === 'pending' && !missing) continue;
      const row = this.row(tests, missing ?? programs ?? '', missing ? `not installed: ${missing}` : '');
      row[{ passed: 'Passed', failed: 'Failed' }[status] ?? 'Left out']++;
    }
  }

  row(tests, programs, why) {
    const key = JSON.stringify([tests, programs, why]);
    const row = this.rows.get(key) ?? {
      Tests: tests,
      Programs: programs,
      Passed: 0,
      Failed: 0,
      'Left out': 0,
      Why: why,
    };
    this.rows.set(key, row);
    return row;
  }

  onRunComplete() {
    const rows = [...this.rows.keys()].sort().map((key) => this.rows.get(key));
    const lines = [COLUMNS, ...rows.map((row) => COLUMNS.map((column) => String(row[column])))];
    const widths = COLUMNS.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
    for (const line of lines) {
      process.stderr.write(
        `${line
          .map((cell, column) => cell.padEnd(widths[column]))
          .join('  ')
          .trimEnd()}\n`,
      );
    }
  }
};
