/** Reads and writes DER without an ASN.1 library. */

/** Identifier octets (X.690, section 8.1.2). */
export const Tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
  context0: 0xa0,
  context3: 0xa3,
} as const;

export interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
  /** The whole element: tag, length, and content. */
  readonly encoding: Uint8Array;
  /** What follows the element. */
  readonly rest: Uint8Array;
}

/**
 * The DER element at the beginning. Undefined if it has another tag, or does not fit into the octets.
 * @param tag any tag if absent
 */
export function readElement(octets: Uint8Array, tag?: number): Element | undefined {
  const [first, short = 0x80] = octets;
  if (first === undefined || (tag !== undefined && first !== tag)) return undefined;
  const lengthOctets = short < 0x80 ? 0 : short - 0x80;
  // A length of indefinite form is not DER. Four octets are enough for every structure that fits into memory.
  if (short === 0x80 || lengthOctets > 4) return undefined;
  const start = 2 + lengthOctets;
  const length = short < 0x80 ? short : octets.subarray(2, start).reduce((sum, octet) => sum * 256 + octet, 0);
  const end = start + length;
  if (end > octets.length) return undefined;
  return {
    tag: first,
    content: octets.subarray(start, end),
    encoding: octets.subarray(0, end),
    rest: octets.subarray(end),
  };
}

/** The DER elements that make up the octets. Undefined if the octets are not such elements. */
export function readElements(octets: Uint8Array): readonly Element[] | undefined {
  const elements: Element[] = [];
  for (let rest = octets; rest.length > 0; ) {
    const element = readElement(rest);
    if (element === undefined) return undefined;
    elements.push(element);
    rest = element.rest;
  }
  return elements;
}

/** A DER element whose contents are already DER. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.of(tag), lengthOctets(content.length), content]);
}

/** A DER integer that is not negative. */
export function derInteger(value: number | bigint): Buffer {
  const octets = octetsOf(value);
  return der(Tag.integer, (octets[0] ?? 0) < 0x80 ? octets : Buffer.concat([Buffer.of(0), octets]));
}

/** @param dotted such as `1.2.840.113549.1.7.1` */
export function derObjectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return der(Tag.objectIdentifier, Buffer.concat([first * 40 + second, ...rest].map(base128)));
}

function lengthOctets(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  const octets = octetsOf(length);
  return Buffer.concat([Buffer.of(0x80 | octets.length), octets]);
}

/** Big-endian, at least one octet. */
function octetsOf(value: number | bigint): Buffer {
  const digits = value.toString(16);
  return Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
}

function base128(value: number): Buffer {
  const octets = [value % 0x80];
  for (let rest = Math.floor(value / 0x80); rest > 0; rest = Math.floor(rest / 0x80))
    octets.unshift(0x80 | (rest % 0x80));
  return Buffer.from(octets);
}
