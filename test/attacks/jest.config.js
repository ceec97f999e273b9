/** @type {import('jest').Config} */
module.exports = {
  ...require('../../jest.config'),
  rootDir: '../..',
  testTimeout: 300_000,
  maxWorkers: 2,
  testMatch: ['<rootDir>/test/attacks/**/*.test.ts'],
  testPathIgnorePatterns: [],
};
