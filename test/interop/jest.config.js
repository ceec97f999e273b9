const base = require('../../jest.config');

/** @type {import('jest').Config} */
module.exports = {
  ...base,
  rootDir: '../..',
  // Programs start, and compilers compile.
  testTimeout: 300_000,
  maxWorkers: 2,
  testMatch: ['<rootDir>/test/interop/**/*.test.ts'],
  testPathIgnorePatterns: [],
  // The table has what was left out.
  reporters: base.reporters.map((reporter) =>
    reporter.endsWith('left-out-reporter.cjs') ? '<rootDir>/test/interop/table-reporter.cjs' : reporter,
  ),
};
