/** What a terminal shows: colours and width. */

import pc from 'picocolors';

/** The width of the output, in columns. 80 where it isn't a terminal, such as a file. */
export function width(): number {
  return process.stdout.columns || 80;
}

/**
 * Whether a stream gets colours. `NO_COLOR` turns them off and `FORCE_COLOR` on, in this order: https://no-color.org and
 * https://nodejs.org/api/cli.html#force_color1-2-3. Without them, a terminal that can show colours gets them.
 */
function hasColors(stream: NodeJS.WriteStream, { NO_COLOR, FORCE_COLOR } = process.env): boolean {
  if (NO_COLOR) return false;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return stream.isTTY && stream.hasColors();
}

/** Colours for standard output. */
export const colors = pc.createColors(hasColors(process.stdout));
/** Colours for standard error. */
export const errorColors = pc.createColors(hasColors(process.stderr));

/** Prints a warning to standard error. @param message one sentence, without a full stop */
export function warn(message: string): void {
  console.error(`${errorColors.yellow('warning:')} ${message}`);
}

const STATUS_COLORS: Readonly<Record<string, (text: string) => string>> = {
  ENABLED: colors.green,
  ISSUED: colors.green,
  DISABLED: colors.yellow,
  NOT_YET_VALID: colors.yellow,
  REPLACED: colors.yellow,
  EXPIRED: colors.red,
  REVOKED: colors.red,
};

/** The state of a client, or the status of a certificate, in its colour. */
export function coloredStatus(status = ''): string {
  return STATUS_COLORS[status]?.(status) ?? status;
}

/** A time in ISO 8601 without fractions of a second. */
export function shortTime(time = ''): string {
  return time.replace(/\.\d+Z$/, 'Z');
}

/** A command line in lines of at most `columns`, where that is possible. It breaks between words, never in quotes. */
export function wrappedCommand(command: string, columns: number): readonly string[] {
  const words = command.match(/(?:'[^']*'|"[^"]*"|\\.|[^\s'"])+/g) ?? [];
  // The backtick is that of PowerShell.
  const continuation = process.platform === 'win32' ? ' `' : ' \\';
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    if (line !== '' && `${line} ${word}${continuation}`.length > columns) {
      lines.push(line + continuation);
      line = `  ${word}`;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
