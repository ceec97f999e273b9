/** The serial numbers and times of certificates and revocation lists (RFC 5280, section 4.1.2). */
import { randomBytes } from 'node:crypto';
import { der, derInteger, type Element, readInteger, Tag } from './der';

/** A value that must not be in a certificate or a revocation list. The message names it. */
export class CertificateValueError extends Error {
  override readonly name = 'CertificateValueError';
}

/** Of 20 octets: the largest serial number of a certificate and number of a list (RFC 5280, sections 4.1.2.2 and 5.2.3). */
export const LARGEST_INTEGER = (1n << 159n) - 1n;
const RANDOM_OCTETS = 16;

/** 128 random bits in upper-case hexadecimal, as Node.js and ACM PCA write serial numbers. */
export function randomSerialNumber(): string {
  return randomBytes(RANDOM_OCTETS).toString('hex').toUpperCase();
}

/**
 * DER of a serial number.
 * @param hexadecimal positive, at most 20 octets as a DER integer
 * @throws CertificateValueError for any other
 */
export function encodeSerialNumber(hexadecimal: string): Buffer {
  if (/^[0-9A-Fa-f]{1,64}$/.test(hexadecimal)) {
    const value = BigInt(`0x${hexadecimal}`);
    if (value > 0n && value <= LARGEST_INTEGER) return derInteger(value);
  }
  throw new CertificateValueError('serialNumber must be a positive hexadecimal number of at most 20 octets');
}

/** The serial number as Node.js writes it: upper-case hexadecimal of whole octets. Undefined if RFC 5280 forbids it. */
export function readSerialNumber(element: Element | undefined): string | undefined {
  const value = readInteger(element);
  if (value === undefined || value < 1n || value > LARGEST_INTEGER) return undefined;
  const digits = value.toString(16).toUpperCase();
  return digits.length % 2 === 0 ? digits : `0${digits}`;
}

/** The first year of UTCTime, and the first year after it: RFC 5280, section 4.1.2.5. */
const UTC_TIME_YEARS = { from: 1950, until: 2050 } as const;

/**
 * DER of a time: UTCTime through the year 2049, GeneralizedTime from 2050. Fractions of a second are dropped.
 * @param name for the message
 * @throws CertificateValueError for a time that is invalid, before 1950, or after 9999
 */
export function encodeTime(name: string, time: Date): Buffer {
  const year = time.getUTCFullYear();
  if (!(year >= UTC_TIME_YEARS.from && year <= 9999)) {
    throw new CertificateValueError(`${name} must be a time from 1950 to 9999`);
  }
  const digits = `${time.toISOString().slice(0, 19).replace(/\D/g, '')}Z`;
  return year < UTC_TIME_YEARS.until
    ? der(Tag.utcTime, Buffer.from(digits.slice(2)))
    : der(Tag.generalizedTime, Buffer.from(digits));
}

/** The time in an element of the only forms that RFC 5280 allows: with seconds, in UTC. Undefined for all others. */
export function readTime(element: Element | undefined): Date | undefined {
  const isUtcTime = element?.tag === Tag.utcTime;
  if (!isUtcTime && element?.tag !== Tag.generalizedTime) return undefined;
  const text = Buffer.from(element.content).toString('latin1');
  if (!(isUtcTime ? /^\d{12}Z$/ : /^\d{14}Z$/).test(text)) return undefined;
  const digits = isUtcTime ? `${text < '5' ? '20' : '19'}${text}` : text;
  const iso = digits.replace(/^(....)(..)(..)(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6.000Z');
  const time = new Date(iso);
  // The constructor takes 30 February for 1 March.
  return !Number.isNaN(time.getTime()) && time.toISOString() === iso ? time : undefined;
}
