import { isIPv4, isIPv6 } from 'node:net';
import { TemplateError } from './template';

const MAX_BLOCKS = 256;

/**
 * The first blocks of addresses within a block.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-cidr.html
 *
 * @param bits the number of bits that each block leaves free: with 8 of IPv4, each is a /24
 * @throws TemplateError if the block isn't one, or if there are not as many within it
 */
export function subnetBlocks(block: string, count: number, bits?: number): readonly string[] {
  const [address = '', prefix = ''] = block.split('/');
  const width = isIPv4(address) ? 32 : isIPv6(address) ? 128 : 0;
  const free = bits ?? (width === 128 ? 64 : 8);
  const depth = width - free - Number(prefix);
  const isBlock = width > 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) <= width;
  const isCount = Number.isInteger(count) && count >= 1 && count <= MAX_BLOCKS;
  if (!isBlock || !isCount || !Number.isInteger(free) || free < 1 || depth < 0 || count > 2 ** depth) {
    throw new TemplateError(`Fn::Cidr finds no ${count} blocks with ${free} free bits in ${block}`);
  }
  const size = 1n << BigInt(free);
  const mask = (1n << BigInt(width - Number(prefix))) - 1n;
  const start = (width === 32 ? numberOfIpv4(address) : numberOfIpv6(address)) & ~mask;
  return Array.from({ length: count }, (_, index) => {
    const number = start + size * BigInt(index);
    return `${width === 32 ? textOfIpv4(number) : textOfIpv6(number)}/${width - free}`;
  });
}

function numberOfIpv4(address: string): bigint {
  return address.split('.').reduce((number, part) => (number << 8n) + BigInt(part), 0n);
}

function textOfIpv4(number: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (number >> shift) & 255n).join('.');
}

function numberOfIpv6(address: string): bigint {
  // The URL parser writes the last four bytes in hexadecimal, and as few zeros as possible.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string | undefined) => (text ? text.split(':') : []);
  const before = groups(head);
  const after = groups(tail);
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].reduce((number, group) => (number << 16n) + BigInt(`0x${group}`), 0n);
}

function textOfIpv6(number: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) => ((number >> BigInt(112 - 16 * index)) & 65_535n).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}
