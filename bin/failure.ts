/** What went wrong, for a person; an error of an AWS service is one line that begins with its name. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  // Failed connections to several addresses come as one error without a message.
  const message = error.message || code || error.name;
  return '$metadata' in error && error.name !== 'Error'
    ? `${error.name}: ${message.replace(/\s*\n\s*/g, ' ')}`
    : message;
}
