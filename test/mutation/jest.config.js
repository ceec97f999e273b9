/** The tests that run for each mutant: those of one folder, without the slow ones. @type {import('jest').Config} */
module.exports = {
  ...require('../../jest.config'),
  rootDir: '../..',
  testMatch: [`<rootDir>/test/${process.env.MUTATION_TESTS}/**/*.test.ts`],
  testPathIgnorePatterns: [
    '<rootDir>/test/lambda/certificate-issuer/faults.test.ts',
    '<rootDir>/test/registry/registry.test.ts',
  ],
  globalSetup: undefined,
};
