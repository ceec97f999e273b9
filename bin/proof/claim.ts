/** Something that a mesh must do, and how to find out. */
export interface Claim {
  readonly what: string;
  /** What must come of it. */
  readonly expected: string;
  readonly tryIt: () => Promise<Outcome>;
}

export interface Outcome {
  readonly outcome: string;
  /** What is worth seeing beside it, such as a number. */
  readonly detail?: string;
}

/** Prints a line of the transcript; false when the outcome is not what must come of it. */
export async function holds({ what, expected, tryIt }: Claim): Promise<boolean> {
  const { outcome, detail } = await tryIt().catch((error: unknown): Outcome => ({ outcome: `failed: ${error}` }));
  const held = outcome === expected;
  const rest = [detail && ` (${detail})`, held ? '' : ` (expected: ${expected})`].join('');
  console.log(`${held ? '✔' : '✖'} ${what.padEnd(66)}${outcome}${rest}`);
  return held;
}
