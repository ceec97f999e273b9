/** What goes back to the client. */
export interface Answer {
  readonly status: number;
  /** Names in lower case; a list is one header line each. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer;
}
