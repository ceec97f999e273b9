// `scripts/mutation.mjs` runs this for each part, with the tests of the part in the variable MUTATION_TESTS.
export default {
  testRunner: 'jest',
  jest: { configFile: 'test/mutation/jest.config.js', enableFindRelatedTests: false },
  coverageAnalysis: 'perTest',
  concurrency: 2,
  // In milliseconds, in addition to 1.5 times the time of the tests: enough for a busy machine.
  timeoutMS: 30_000,
  // A test of the wording of each log line and error would only repeat it.
  mutator: { excludedMutations: ['StringLiteral'] },
  // Mutants that only run when a module is loaded can't be switched on for a single test.
  ignoreStatic: true,
  ignorePatterns: ['assets', 'cdk.out', 'dist'],
  tempDirName: '.stryker-tmp',
  reporters: ['clear-text', 'progress'],
  clearTextReporter: { logTests: false, reportTests: false },
  thresholds: { high: 95, low: 90, break: 90 },
};
