import { colors } from '../shared/terminal';

/** A behaviour of the mesh, and a check of it. */
export interface Claim {
  readonly what: string;
  /** The outcome of the check if the claim holds. */
  readonly expected: string;
  readonly check: () => Promise<Result>;
}

export interface Result {
  readonly outcome: string;
  /** Further information, such as a number. It does not decide whether the claim holds. */
  readonly detail?: string;
}

/** Checks a claim and prints the result. @returns whether the claim holds */
export async function checkClaim({ what, expected, check }: Claim): Promise<boolean> {
  const { outcome, detail } = await check().catch((error: unknown): Result => ({ outcome: `failed: ${error}` }));
  const holds = outcome === expected;
  const rest = [detail && ` (${detail})`, holds ? '' : ` (expected: ${expected})`].join('');
  console.log(`${holds ? colors.green('✔') : colors.red('✖')} ${what.padEnd(66)}${outcome}${rest}`);
  return holds;
}
