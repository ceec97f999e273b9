/** The text of an error for logs, answers of custom resources, and the terminal. */

/** The maximum number of errors in a sentence. It also ends circular chains of causes. */
const LONGEST_CHAIN = 4;

/** The messages of the error and its causes, without repetitions, on one line and without PEM. */
export function failureSentence(error: unknown): string {
  let sentence = '';
  let current = error;
  for (let depth = 0; current !== undefined && depth < LONGEST_CHAIN; depth++) {
    const text = messageOf(current);
    if (!sentence.includes(text)) sentence += sentence === '' ? text : `: ${text}`;
    current = current instanceof Error ? current.cause : undefined;
  }
  return withoutPem(sentence).replace(/\s+/g, ' ').trim();
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // An error about failed connections to several addresses has a code and no message.
  return error.message || (error as NodeJS.ErrnoException).code || error.name;
}

/** The error's stack trace without PEM, for logs. */
export function failureStack(error: unknown): string | undefined {
  return error instanceof Error && error.stack !== undefined ? withoutPem(error.stack) : undefined;
}

/** Validation errors of services quote the request, and a quoted PEM text may be a private key. */
function withoutPem(text: string): string {
  return text.replace(/-----BEGIN[\s\S]*/, '(PEM text removed)');
}
