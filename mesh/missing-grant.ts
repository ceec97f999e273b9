/** A request that no grant lets in, as the log of the authorizer says it. */
export interface MissingGrant {
  readonly clientName: string;
  /** The method of the request, and those that a server may take it for. */
  readonly methods: readonly string[];
  readonly path: string;
}

/** A sentence. `parseMissingGrant` reads it. */
export function missingGrantText({ clientName, methods: [method, ...others], path }: MissingGrant): string {
  const readings = others.length > 0 ? `, which servers may also take for ${others.join(' or ')}` : '';
  return `client ${clientName} has no grant for ${method} ${path}${readings}`;
}

const TEXT = /^client (\S+) has no grant for (\S+) (.*?)(?:, which servers may also take for (\S+(?: or \S+)*))?$/s;

/** Undefined unless `missingGrantText` wrote the text. */
export function parseMissingGrant(text: string): MissingGrant | undefined {
  const [, clientName, method, path, others] = TEXT.exec(text) ?? [];
  if (clientName === undefined || method === undefined || path === undefined) return undefined;
  return { clientName, methods: [method, ...(others?.split(' or ') ?? [])], path };
}
