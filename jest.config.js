/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  // Against tests that hang, not against slow machines.
  testTimeout: 60_000,
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // Packs the library and installs it elsewhere: `npm run test:package`; lets every call go wrong: `npm run test:faults`.
  testPathIgnorePatterns: ['<rootDir>/test/package/', '<rootDir>/test/faults/'],
  transform: { '\\.ts$': '<rootDir>/test/esbuild-transformer.cjs' },
  // Examples import the package by its name; here its name means the sources.
  moduleNameMapper: {
    '^cdk-mtls-service-mesh$': '<rootDir>/lib/index.ts',
    '^cdk-mtls-service-mesh/(client|sandbox)$': '<rootDir>/$1/index.ts',
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/cdk.out/', '<rootDir>/.stryker-tmp/'],
  globalSetup: '<rootDir>/test/global-setup.ts',
  reporters: ['default', ...(process.env.TEST_COUNTS ? ['<rootDir>/test/count-reporter.cjs'] : [])],
};
