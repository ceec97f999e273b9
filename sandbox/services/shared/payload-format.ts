import { isUtf8 } from 'node:buffer';

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
 * The body of an event, as text or in base64. AWS doesn't document which bodies are text. As measured, these have the
 * content type `text/*`, JSON, XML, or JavaScript, and a body without a content type isn't one of them:
 * https://github.com/ministackorg/ministack/pull/766. An encoded body, and text that isn't UTF-8, would not survive as text.
 */
export function eventBody(
  body: Buffer,
  {
    contentType = '',
    contentEncoding = 'identity',
  }: { contentType?: string | undefined; contentEncoding?: string | undefined },
): { readonly body: string | undefined; readonly isBase64Encoded: boolean } {
  if (body.length === 0) return { body: undefined, isBase64Encoded: false };
  const isText =
    /^(text\/|application\/([\w.+-]+\+)?(json|xml|javascript)\b)/i.test(contentType) &&
    contentEncoding.toLowerCase() === 'identity' &&
    isUtf8(body);
  return { body: body.toString(isText ? 'utf8' : 'base64'), isBase64Encoded: !isText };
}

export function objectUnlessEmpty(values: ReadonlyMap<string, string>): Event | undefined {
  return values.size > 0 ? Object.fromEntries(values) : undefined;
}
