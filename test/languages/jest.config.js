/** @type {import('jest').Config} */
module.exports = {
  ...require('../../jest.config'),
  rootDir: '../..',
  // Package managers download the CDK, and compilers compile it.
  testTimeout: 900_000,
  testMatch: ['<rootDir>/test/languages/**/*.test.ts'],
  testPathIgnorePatterns: [],
  globalSetup: undefined,
};
