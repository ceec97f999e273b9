import { analyse } from 'scslre';

/**
 * The regular expressions that run during the work and for which the number of steps can grow faster than the text:
 * quadratically or worse. Found by analysis of the expression, so no time is measured.
 */
export function superLinearExpressions(work: () => unknown): string[] {
  const { exec } = RegExp.prototype;
  const used = new Map<string, RegExp>();
  // Every other method of a regular expression, and those of strings, call `exec`.
  const spy = jest.spyOn(RegExp.prototype, 'exec').mockImplementation(function (this: RegExp, text) {
    used.set(String(this), this);
    return exec.call(this, text);
  });
  try {
    work();
  } finally {
    spy.mockRestore();
  }
  expect(used.size).toBeGreaterThan(0);
  return [...used.values()].filter((expression) => analyse(expression).reports.length > 0).map(String);
}
