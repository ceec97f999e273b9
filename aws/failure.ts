/** Longest cause chain that a sentence tells; a chain that bites its own tail ends too. */
const MAX_CAUSES = 4;

/** What went wrong, on one line: the error's message, then what its causes add to it. */
export function failureSentence(error: unknown): string {
  let sentence = '';
  let current = error;
  for (let depth = 0; current !== undefined && depth < MAX_CAUSES; depth++) {
    const { message, name, cause } = asError(current);
    const said = message || name;
    if (!sentence.includes(said)) sentence += sentence === '' ? said : `: ${said}`;
    current = cause;
  }
  return withoutPem(sentence).replace(/\s+/g, ' ').trim();
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** Where it went wrong, for the log. */
export function failureStack(error: unknown): string | undefined {
  return error instanceof Error && error.stack !== undefined ? withoutPem(error.stack) : undefined;
}

/** Services quote what they were sent in validation errors; what they quote from PEM on may be a private key. */
function withoutPem(text: string): string {
  return text.replace(/-----BEGIN[\s\S]*/, '(PEM text left out)');
}
