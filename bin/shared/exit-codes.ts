/** The exit codes of the commands that operate a deployed mesh. */

export const EXIT_CODES_HELP = `
Exit codes:
  0  The command succeeded, or the mesh was already in the requested state.
  1  The command failed. Run it again after you have removed the cause.
  2  The mesh has the change and applies it within seconds, but a later step failed or has not finished: the revocation
     at the certificate authority, the event, the metric, or the rotation.`;

const PARTLY_DONE = 2;

/** Prints the step that failed and sets the exit code. */
export function reportPartlyDone(failure: string): void {
  console.error(failure);
  process.exitCode = PARTLY_DONE;
}
