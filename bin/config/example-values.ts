/** What the user's values replace in the examples. */
export interface ExampleValues {
  /** The directory of the client's files. */
  readonly files: string;
  /** The client's name. */
  readonly client: string;
  /** The mesh's trust domain. */
  readonly mesh: string;
  /** The clients that a server admits, in configurations that name them. */
  readonly allowed: readonly string[];
}

/** No client can have this name, so a server that keeps it admits nobody. */
export const CALLER_PLACEHOLDER = 'NAME-OF-A-CALLER';

/** In the place of the user's values. The first that fits applies. */
const EXAMPLE = /\/etc\/mtls-mesh\/mail\b|\bmesh\.example\.com\b|\bmail\b/g;
/** A line that admits one client. */
const RULE = /(spiffe:\/\/)mesh\.example\.com\/[a-z]+/;

/** Whether the example names the clients that may call. */
export function namesCallers(text: string): boolean {
  return RULE.test(text);
}

/** The example with the user's values, and one rule for each client that may call. */
export function withValues(text: string, { files, client, mesh, allowed }: ExampleValues): string {
  const values: Readonly<Record<string, string>> = { 'mesh.example.com': mesh, mail: client };
  const lines = text.split('\n');
  return lines
    .filter((line, index) => !(namesCallers(line) && namesCallers(lines[index - 1] ?? '')))
    .flatMap((line) =>
      namesCallers(line)
        ? allowed.map((name) => line.replace(RULE, (_, scheme) => `${scheme}${mesh}/${name}`))
        : line.replaceAll(EXAMPLE, (found) => values[found] ?? files),
    )
    .join('\n');
}
