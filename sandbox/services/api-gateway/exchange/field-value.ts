/** The value as a single header line. Replaces line breaks, which would start another header, with spaces. */
export function fieldValue(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it looks for them
  return value.replace(/[\u0000-\u001f\u007f]+/g, ' ').trim();
}

/** Node.js writes headers in Latin-1, one octet for each character, and rejects other characters. */
export function utf8Octets(value: string): string {
  return Buffer.from(value, 'utf8').toString('latin1');
}
