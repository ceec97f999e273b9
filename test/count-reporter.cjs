// Appends "<passed> <failed>" to the file named by TEST_COUNTS, so that CI can add up several runs.
const { appendFileSync } = require('node:fs');

module.exports = class CountReporter {
  onRunComplete(_contexts, { numPassedTests, numFailedTests, numRuntimeErrorTestSuites }) {
    appendFileSync(process.env.TEST_COUNTS, `${numPassedTests} ${numFailedTests + numRuntimeErrorTestSuites}\n`);
  }
};
