/** The exit codes of the commands. */

const FAILED = 1;
const PARTLY_DONE = 2;
/** `EX_USAGE` of sysexits.h. */
const USAGE = 64;

const USAGE_HELP = `  ${USAGE} The command line is wrong. Nothing was done.`;

/** For commands that do one thing or nothing. */
export const EXIT_CODES_HELP = `
Exit codes:
  0  The command succeeded.
  1  The command failed.
${USAGE_HELP}`;

/** For commands that operate a deployed mesh. */
export const OPERATION_EXIT_CODES_HELP = `
Exit codes:
  0  The command succeeded, or the mesh was already in the requested state.
  1  The command failed. Run it again after you have removed the cause.
  2  The mesh has the change and applies it within seconds, but a later step
     failed or has not finished: the revocation at the certificate authority,
     the event, the metric, or the rotation.
${USAGE_HELP}`;

/** The options of a command don't fit together. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The exit code for an error that a command throws. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof Error)) return FAILED;
  // Commander throws to end the process after the help or the version, too.
  if ('exitCode' in error) return error.exitCode === 0 ? 0 : USAGE;
  // Not `instanceof`: each bundle of the command has a class of its own.
  return error.name === 'UsageError' ? USAGE : FAILED;
}

/** Prints the step that failed and sets the exit code. */
export function reportPartlyDone(failure: string): void {
  console.error(failure);
  process.exitCode = PARTLY_DONE;
}
