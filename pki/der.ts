/** Identifier octets of what a certificate signing request is made of (X.690, section 8.1.2). */
export const Tag = { integer: 0x02, bitString: 0x03, sequence: 0x30, context0: 0xa0 } as const;

/** One DER element around contents that are DER already. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.of(tag), lengthOctets(content.length), content]);
}

function lengthOctets(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  const digits = length.toString(16);
  const octets = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
  return Buffer.concat([Buffer.of(0x80 | octets.length), octets]);
}
