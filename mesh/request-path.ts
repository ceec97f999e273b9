/** How servers read the path of a request, which may be another than the one that API Gateway has read. */

/** Most paths. Every server reads them alike. */
const PLAIN = /^[\w/~-]*$/;

/** A path that is encoded more often has no honest reason. Bounds the work for a hostile one. */
const MOST_ENCODINGS = 8;

/**
 * Control characters, half characters, and the replacement of octets that are not UTF-8, which a server may see; `?` and
 * `#`, at which a server may end the path; and `\`, which a server may treat as a slash.
 */
const FORBIDDEN = /[\p{Cc}\p{Cs}\uFFFD?#\\]/u;

/**
 * Why servers may read a path differently, for servers that decode it again any number of times, or fold its characters.
 * Undefined if all read it alike.
 *
 * @param path as API Gateway passes it on, decoded
 */
export function pathProblem(path: string): string | undefined {
  if (PLAIN.test(path)) return undefined;
  let [text, folded] = [path, fold(path)];
  for (let encodings = 0; encodings <= MOST_ENCODINGS; encodings++) {
    if (FORBIDDEN.test(text)) return 'contains a character that servers treat differently';
    if ([...dividedAtSlashes(text), ...dividedAtSlashes(folded)].some(isDotSegment)) return 'contains a dot segment';
    const [next, nextFolded] = [decode(text), fold(decode(folded))];
    if (next === text && nextFolded === folded) return undefined;
    if (next.split('/').length > text.split('/').length) return 'contains an encoded slash';
    [text, folded] = [next, nextFolded];
  }
  return `is percent-encoded more than ${MOST_ENCODINGS} times`;
}

/**
 * Replaces the escapes that are there, as lenient servers do. Octets that are not UTF-8 become U+FFFD. Windows servers also
 * replace `%u002e` (`PercentUAllowed`, on by default):
 * https://learn.microsoft.com/en-us/troubleshoot/developer/webapps/iis/iisadmin-service-inetinfo/httpsys-registry-windows
 */
function decode(text: string): string {
  const unescaped = text.replace(/%u([0-9a-f]{4})/gi, (_, unit: string) =>
    String.fromCharCode(Number.parseInt(unit, 16)),
  );
  return unescaped.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) =>
    Buffer.from(escapes.replaceAll('%', ''), 'hex').toString(),
  );
}

/** Servers that store names in another character set replace characters such as U+FF0E with the nearest, here a dot. */
function fold(text: string): string {
  return text.normalize('NFKC');
}

/**
 * Also at U+2044, U+2215, and U+2216, and at U+00A5 (yen) and U+20A9 (won) in code pages 932 and 949, which Windows replaces
 * with a slash or a backslash but NFKC keeps: https://www.unicode.org/Public/MAPPINGS/VENDORS/MICSFT/WindowsBestFit/
 */
function dividedAtSlashes(text: string): readonly string[] {
  return text.split(/[/\\\u00A5\u20A9\u2044\u2215\u2216]/);
}

/** Marks, spaces, format characters and others without a shape of their own, which a server may drop or trim. */
const INVISIBLE = /[\p{C}\p{Z}\p{M}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/**
 * Whether a server may take the segment for `.` or `..` (RFC 3986, section 5.2.4). Java servers treat the text after a
 * semicolon as parameters and remove it first.
 */
function isDotSegment(segment: string): boolean {
  const [name = ''] = segment.split(';');
  const visible = name.replace(INVISIBLE, '');
  return /^\.+$/.test(visible) && (visible.length <= 2 || visible.length < name.length);
}

/**
 * Whether every server reads the text as one segment of a path that is not empty, however it decodes or folds it. Only for
 * segments of paths without a `pathProblem`, which are fully decoded after `MOST_ENCODINGS`.
 */
export function isOneSegment(segment: string): boolean {
  if (WORD.test(segment)) return true;
  let [text, folded] = [segment, fold(segment)];
  for (let encodings = 0; encodings <= MOST_ENCODINGS; encodings++) {
    if (dividedAtSlashes(text).length > 1 || dividedAtSlashes(folded).length > 1) return false;
    [text, folded] = [decode(text), fold(decode(folded))];
  }
  return isVisible(text) && isVisible(folded);
}

/** Whether something is left of a segment for servers that drop its parameters and what is invisible in it. */
function isVisible(segment: string): boolean {
  const [name = ''] = segment.split(';');
  return name.replace(INVISIBLE, '') !== '';
}

/** Most segments. */
const WORD = /^[\w-]+$/;
