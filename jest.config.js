/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  // Stops tests that hang. Long enough for slow machines.
  testTimeout: 60_000,
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // `npm run test:package` packs the library and installs it elsewhere. `npm run test:languages` uses it from other
  // languages. `npm run test:faults` makes every call fail, and `npm run test:attacks` tries to get in.
  testPathIgnorePatterns: ['package', 'languages', 'faults', 'attacks', 'interop'].map(
    (suite) => `<rootDir>/test/${suite}/`,
  ),
  // Jest runs CommonJS modules without `import()`.
  transform: { '\\.ts$': ['<rootDir>/test/esbuild-transformer.cjs', { supported: { 'dynamic-import': false } }] },
  // Examples import the package by its name, which resolves to the sources here.
  moduleNameMapper: {
    '^cdk-mtls-service-mesh$': '<rootDir>/lib/index.ts',
    '^cdk-mtls-service-mesh/(client|sandbox)$': '<rootDir>/$1/index.ts',
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/cdk.out/', '<rootDir>/.stryker-tmp/'],
  globalSetup: '<rootDir>/test/global-setup.ts',
  setupFiles: ['<rootDir>/test/no-colors.cjs'],
  reporters: [
    'default',
    '<rootDir>/test/left-out-reporter.cjs',
    ...(process.env.TEST_COUNTS ? ['<rootDir>/test/count-reporter.cjs'] : []),
  ],
};
