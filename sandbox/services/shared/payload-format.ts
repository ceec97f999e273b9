/** The parts of events in payload format 2.0, which HTTP APIs and function URLs share. */

/** JSON omits undefined values, like AWS omits absent cookies, parameters, and variables. */
export type Event = Readonly<Record<string, unknown>>;

/** Decoded. Several values of one name are joined with commas. */
export function queryParameters(rawQuery: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(rawQuery)) {
    const earlier = parameters.get(name);
    parameters.set(name, earlier === undefined ? value : `${earlier},${value}`);
  }
  return parameters;
}

/** `dd/MMM/yyyy:HH:mm:ss +0000`, as in the Common Log Format. */
export function commonLogTime(time: Date): string {
  const [, day, month, year, clock] = time.toUTCString().split(' ');
  return `${day}/${month}/${year}:${clock} +0000`;
}

/**
 * Whether a function receives the body as text. AWS doesn't document the content types. As observed, these are
 * `text/*`, JSON, XML, JavaScript, and a body without a content type.
 */
export function isText(contentType: string | undefined): boolean {
  return contentType === undefined || /^(text\/|application\/([\w.+-]+\+)?(json|xml|javascript)\b)/i.test(contentType);
}

export function objectUnlessEmpty(values: ReadonlyMap<string, string>): Event | undefined {
  return values.size > 0 ? Object.fromEntries(values) : undefined;
}
