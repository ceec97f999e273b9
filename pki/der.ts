/** Reads DER without an ASN.1 library. */

/** Identifier octets (X.690, section 8.1.2). */
export const Tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  sequence: 0x30,
  context0: 0xa0,
  context3: 0xa3,
} as const;

export interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
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
  // A length of indefinite form is not DER. No certificate in use needs more than three octets.
  if (short === 0x80 || lengthOctets > 3) return undefined;
  const start = 2 + lengthOctets;
  const length = short < 0x80 ? short : octets.subarray(2, start).reduce((sum, octet) => sum * 256 + octet, 0);
  const end = start + length;
  if (end > octets.length) return undefined;
  return { tag: first, content: octets.subarray(start, end), rest: octets.subarray(end) };
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
