/** What events of payload format 2.0 are made of, which HTTP APIs and function URLs share. */

/** JSON leaves out what is undefined, and so does AWS: cookies, parameters and variables that are not there. */
export type Event = Readonly<Record<string, unknown>>;

/** Decoded; several values of one name joined with commas. */
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
 * Which bodies go to a function as text. AWS does not list them; as observed, `text/*`, JSON, XML and JavaScript do,
 * and a body without a content type.
 */
export function isText(contentType: string | undefined): boolean {
  return contentType === undefined || /^(text\/|application\/([\w.+-]+\+)?(json|xml|javascript)\b)/i.test(contentType);
}

export function objectUnlessEmpty(values: ReadonlyMap<string, string>): Event | undefined {
  return values.size > 0 ? Object.fromEntries(values) : undefined;
}
