/** The text of an error for logs, answers of custom resources, and the terminal. */

/** The error and then what caused it: its chain of causes, and the errors of each `AggregateError`. Each of them once. */
export function* causesOf(error: unknown, seen = new Set<unknown>()): Iterable<unknown> {
  if (error === undefined || seen.has(error)) return;
  seen.add(error);
  yield error;
  if (error instanceof AggregateError) for (const one of error.errors) yield* causesOf(one, seen);
  if (error instanceof Error) yield* causesOf(error.cause, seen);
}

/** The messages of the error and its causes, without repetitions, on one line and without PEM. */
export function failureSentence(error: unknown): string {
  let sentence = '';
  for (const one of causesOf(error)) {
    const text = withoutPem(messageOf(one)).replace(/\s+/g, ' ').trim();
    if (!sentence.includes(text)) sentence += sentence === '' ? text : `: ${text}`;
  }
  return sentence;
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
