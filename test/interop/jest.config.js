/** @type {import('jest').Config} */
module.exports = {
  ...require('../../jest.config'),
  rootDir: '../..',
  // Programs start, and compilers compile.
  testTimeout: 300_000,
  maxWorkers: 2,
  testMatch: ['<rootDir>/test/interop/**/*.test.ts'],
  testPathIgnorePatterns: [],
};
