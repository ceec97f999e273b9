// Prints how many tests were left out, and which programs they need: a skipped test alone does not say so.
module.exports = class LeftOutReporter {
  counts = new Map();

  onTestResult(_test, { testResults }) {
    for (const { fullName, status } of testResults) {
      const [, programs] = /\[left out: ([^\]]+) not installed\]/.exec(fullName) ?? [];
      if (status === 'pending' && programs) this.counts.set(programs, (this.counts.get(programs) ?? 0) + 1);
    }
  }

  onRunComplete() {
    for (const [programs, count] of [...this.counts].sort()) {
      process.stderr.write(`Left out: ${count} tests that need ${programs}, not installed on this machine\n`);
    }
  }
};
