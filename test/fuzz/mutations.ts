import type { Random } from './random';

type Mutation = (input: Buffer, random: Random) => Buffer;

/** The parts of a text around a range, and the range itself. */
function cut(input: Buffer, random: Random): [before: Buffer, range: Buffer, after: Buffer] {
  const start = random.below(input.length + 1);
  const end = start + random.below(Math.min(input.length - start, 64) + 1);
  return [input.subarray(0, start), input.subarray(start, end), input.subarray(end)];
}

function changeByte(input: Buffer, random: Random, changed: (byte: number) => number): Buffer {
  const copy = Buffer.from(input);
  const index = random.below(copy.length);
  if (copy.length > 0) copy[index] = changed(copy[index] ?? 0);
  return copy;
}

/** Of octets, such as DER. Several have elements of DER in mind: tags, lengths, integers, times, and nesting. */
const OCTET_MUTATIONS: readonly Mutation[] = [
  (input, random) => changeByte(input, random, (byte) => byte ^ (1 << random.below(8))),
  (input, random) => changeByte(input, random, () => random.below(256)),
  (input, random) => changeByte(input, random, () => random.of([0x00, 0x7f, 0x80, 0x81, 0x82, 0x84, 0x89, 0xff])),
  // The tags of common types, constructed ones and those of high numbers.
  (input, random) =>
    changeByte(input, random, () => random.of([2, 3, 4, 5, 6, 12, 19, 22, 23, 24, 0x30, 0x31, 0xa0, 0xa3, 0x1f, 0x3f])),
  (input, random) => input.subarray(0, random.below(input.length + 1)),
  (input, random) => {
    const [before, , after] = cut(input, random);
    return Buffer.concat([before, after]);
  },
  (input, random) => {
    const [before, range, after] = cut(input, random);
    return Buffer.concat([before, range, range, after]);
  },
  (input, random) => {
    const [before, , after] = cut(input, random);
    return Buffer.concat([before, random.bytes(random.below(16)), after]);
  },
  // A length that is indefinite, not minimal, or far too long, in place of a short one.
  (input, random) => {
    const [before, , after] = cut(input, random);
    const length = random.of([
      [0x80],
      [0x81, 0x01],
      [0x84, 0xff, 0xff, 0xff, 0xff],
      [0x88, 0x7f, 0, 0, 0, 0, 0, 0, 0],
      [0x82, 0, 1],
    ]);
    return Buffer.concat([before, Buffer.from(length), after.subarray(1)]);
  },
  // Deep nesting.
  (input, random) => {
    const [before, range, after] = cut(input, random);
    const depth = 1 + random.below(200);
    return Buffer.concat([before, Buffer.alloc(depth * 2, Buffer.of(0x30, 0x7f)), range, after]);
  },
];

const SEPARATORS = [
  '\n',
  '\r\n',
  '\r',
  '\t',
  ' ',
  '\0',
  '\u00a0',
  '\ufeff',
  '-----',
  '-----BEGIN CERTIFICATE-----',
  '=',
];

/** Of text, such as PEM, paths, and headers. */
const TEXT_MUTATIONS: readonly Mutation[] = [
  ...OCTET_MUTATIONS.slice(0, 8),
  (input, random) => {
    const [before, , after] = cut(input, random);
    return Buffer.concat([before, Buffer.from(random.of(SEPARATORS)), after]);
  },
  (input, random) => {
    const [before, range, after] = cut(input, random);
    return Buffer.concat([before, Buffer.from(encodeURIComponent(range.toString('latin1'))), after]);
  },
  (input, random) => {
    const text = input.toString('latin1');
    return Buffer.from(random.fraction() < 0.5 ? text.toLowerCase() : text.toUpperCase(), 'latin1');
  },
];

/** One to five changes of an input. */
function mutate(input: Buffer, mutations: readonly Mutation[], random: Random): Buffer {
  let mutated = input;
  for (let left = 1 + random.below(5); left > 0; left -= 1) mutated = random.of(mutations)(mutated, random);
  // Duplications must not grow without end.
  return mutated.subarray(0, 65_536);
}

export function mutateOctets(input: Buffer, random: Random): Buffer {
  return mutate(input, OCTET_MUTATIONS, random);
}

export function mutateText(input: string, random: Random): string {
  return mutate(Buffer.from(input), TEXT_MUTATIONS, random).toString(random.fraction() < 0.9 ? 'utf8' : 'latin1');
}
