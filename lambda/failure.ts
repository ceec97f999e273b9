/** Longest cause chain that a sentence tells; a chain that bites its own tail ends too. */
const MAX_CAUSES = 4;

/** What went wrong, on one line: the error's message, then those of its causes. */
export function failureSentence(error: unknown): string {
  const messages: string[] = [];
  for (let current = error; current !== undefined && messages.length < MAX_CAUSES; ) {
    messages.push(current instanceof Error ? current.message || current.name : String(current));
    current = current instanceof Error ? current.cause : undefined;
  }
  return withoutPem(messages.join(': ')).replace(/\s+/g, ' ').trim();
}

/** Where it went wrong, for the log. */
export function failureStack(error: unknown): string | undefined {
  return error instanceof Error && error.stack !== undefined ? withoutPem(error.stack) : undefined;
}

/** Services quote what they were sent in validation errors; what they quote from PEM on may be a private key. */
function withoutPem(text: string): string {
  return text.replace(/-----BEGIN[\s\S]*/, '(PEM text left out)');
}
