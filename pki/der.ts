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

/** A DER element within octets. Its parts are views of them, made on demand: a revocation list has hundreds of thousands. */
export class Element {
  constructor(
    private readonly octets: Uint8Array,
    readonly tag: number,
    private readonly begin: number,
    private readonly contentBegin: number,
    readonly end: number,
  ) {}

  get content(): Uint8Array {
    return this.octets.subarray(this.contentBegin, this.end);
  }

  /** The whole element: tag, length, and content. */
  get encoding(): Uint8Array {
    return this.octets.subarray(this.begin, this.end);
  }

  /** What follows the element. */
  get rest(): Uint8Array {
    return this.octets.subarray(this.end);
  }
}

/**
 * The DER element at the beginning. Undefined if it has another tag, or does not fit into the octets.
 * @param tag any tag if absent
 */
export function readElement(octets: Uint8Array, tag?: number): Element | undefined {
  const element = elementAt(octets, 0);
  return tag === undefined || element?.tag === tag ? element : undefined;
}

/** The DER elements that make up the octets. Undefined if the octets are not such elements. */
export function readElements(octets: Uint8Array): readonly Element[] | undefined {
  const elements: Element[] = [];
  for (let begin = 0; begin < octets.length; ) {
    const element = elementAt(octets, begin);
    if (element === undefined) return undefined;
    elements.push(element);
    begin = element.end;
  }
  return elements;
}

function elementAt(octets: Uint8Array, begin: number): Element | undefined {
  const tag = octets[begin];
  const short = octets[begin + 1] ?? 0x80;
  const lengthOctets = short < 0x80 ? 0 : short - 0x80;
  // A length of indefinite form is not DER. Four octets are enough for every structure that fits into memory.
  if (tag === undefined || short === 0x80 || lengthOctets > 4) return undefined;
  const contentBegin = begin + 2 + lengthOctets;
  let length = short < 0x80 ? short : 0;
  for (let index = begin + 2; index < contentBegin; index += 1) length = length * 256 + (octets[index] ?? 0);
  // DER uses the shortest form.
  if (lengthOctets > 0 && (length < 0x80 || octets[begin + 2] === 0)) return undefined;
  const end = contentBegin + length;
  return end > octets.length ? undefined : new Element(octets, tag, begin, contentBegin, end);
}

/** The value of a DER integer that is not negative. Undefined for any other element. */
export function readInteger(element: Element | undefined): bigint | undefined {
  const [first, second = 0] = element?.content ?? [];
  if (element?.tag !== Tag.integer || first === undefined || first >= 0x80) return undefined;
  // DER has a zero octet at the beginning only where the next one would make the number negative.
  if (first === 0 && element.content.length > 1 && second < 0x80) return undefined;
  return BigInt(`0x${Buffer.from(element.content).toString('hex')}`);
}

/** A DER element whose contents are already DER. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const length = contents.reduce((sum, content) => sum + content.length, 0);
  return Buffer.concat([Buffer.of(tag), lengthOctets(length), ...contents]);
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
