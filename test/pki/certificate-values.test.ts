import {
  CertificateValueError,
  encodeSerialNumber,
  encodeTime,
  randomSerialNumber,
  readTime,
} from '../../pki/certificate-values';
import { readElement } from '../../pki/der';

const hexadecimal = (octets: Uint8Array) => Buffer.from(octets).toString('hex');

describe('a serial number', () => {
  test.each([
    ['1', '020101'],
    ['007F', '02017f'],
    ['80', '02020080'],
    ['7F'.repeat(20), `0214${'7f'.repeat(20)}`],
  ])('%s is a positive DER integer', (serialNumber, encoded) => {
    expect(hexadecimal(encodeSerialNumber(serialNumber))).toBe(encoded);
  });

  test.each([
    ['zero', '00'],
    ['negative', '-1'],
    ['longer than 20 octets with its sign', '80'.repeat(20)],
    ['endless', 'F'.repeat(1_000_000)],
    ['empty', ''],
    ['with a prefix', '0x1'],
    ['with a line feed', '1\n'],
    ['decimal with a fraction', '1.5'],
  ])('that is %s is refused', (_, serialNumber) => {
    expect(() => encodeSerialNumber(serialNumber)).toThrow(CertificateValueError);
  });

  test('has 128 random bits, and at most 17 octets', () => {
    const numbers = Array.from({ length: 500 }, randomSerialNumber);
    expect(new Set(numbers).size).toBe(500);
    for (const number of numbers) expect(number).toMatch(/^[0-9A-F]{32}$/);
    // Every bit is sometimes set.
    const seen = numbers.reduce((bits, number) => bits | BigInt(`0x${number}`), 0n);
    expect(seen).toBe((1n << 128n) - 1n);
    expect(Math.max(...numbers.map((number) => encodeSerialNumber(number).length - 2))).toBe(17);
  });
});

describe('a time', () => {
  test.each([
    ['1950-01-01T00:00:00Z', '170d', '500101000000Z'],
    ['2049-12-31T23:59:59.999Z', '170d', '491231235959Z'],
    ['2050-01-01T00:00:00Z', '180f', '20500101000000Z'],
    ['9999-12-31T23:59:59Z', '180f', '99991231235959Z'],
  ])('of %s has whole seconds, in UTCTime through 2049', (time, header, text) => {
    const encoded = encodeTime('notAfter', new Date(time));
    expect(hexadecimal(encoded)).toBe(header + hexadecimal(Buffer.from(text)));
    const element = readElement(encoded);
    expect(readTime(element)).toEqual(new Date(time.replace('.999', '')));
  });

  test.each([new Date(Number.NaN), new Date('1949-12-31T23:59:59Z'), new Date('+010000-01-01T00:00:00Z')])(
    'of %s is refused by name',
    (time) => {
      expect(() => encodeTime('notAfter', time)).toThrow('notAfter must be a time from 1950 to 9999');
    },
  );

  test.each([
    ['without seconds', 0x17, '2601010000Z'],
    ['with an offset', 0x17, '260101000000+0100'],
    ['with a fraction', 0x18, '20260101000000.5Z'],
    ['with the month 13', 0x17, '261301000000Z'],
    ['of 30 February', 0x17, '260230000000Z'],
    ['with the second 60', 0x17, '260101000060Z'],
    ['of another type', 0x16, '260101000000Z'],
    ['with the form of the other type', 0x17, '20260101000000Z'],
    ['that is not ASCII', 0x17, '\u0662\u0666\u0660\u0661\u0660\u0661Z'],
    ['that is empty', 0x18, ''],
  ])('%s is not read', (_, tag, text) => {
    const content = Buffer.from(text);
    const element = readElement(Buffer.concat([Buffer.of(tag, content.length), content]));
    expect(readTime(element)).toBeUndefined();
  });
});
