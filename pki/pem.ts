import { X509Certificate } from 'node:crypto';

/** The text violates RFC 7468, or contains something other than certificates. The message never quotes the text. */
export class PemError extends Error {
  override readonly name = 'PemError';
}

/** OpenSSL reads blocks with the older label too. */
const CERTIFICATE_LABELS = ['CERTIFICATE', 'X509 CERTIFICATE'];

/**
 * The certificates in a PEM text, in order: what OpenSSL reads, and the lax grammar of RFC 7468, section 3. Ignores
 * explanatory text between blocks, a byte order mark, and white space wherever it stands.
 *
 * @throws PemError if there is no certificate, a block is malformed or isn't a certificate, or there is a private key
 */
export function readCertificates(pem: string): X509Certificate[] {
  // Also a key that is no block, for example because its boundary is in the middle of a line.
  if (pem.includes('PRIVATE KEY-----')) {
    throw new PemError('the text contains a private key: remove it, and replace it if others could read it');
  }
  const blocks = readPemBlocks(pem);
  if (blocks.length === 0) throw new PemError(missingBlock(pem));
  return blocks.map(({ label, der }, index) => {
    if (!CERTIFICATE_LABELS.includes(label)) throw new PemError(`block ${index + 1} is a ${label}, not a CERTIFICATE`);
    return decodeCertificate(der, index);
  });
}

/** The only certificate in a PEM text. @throws PemError as `readCertificates`, and if there are several */
export function readCertificate(pem: string): X509Certificate {
  const [certificate, ...others] = readCertificates(pem);
  if (certificate === undefined || others.length > 0) throw new PemError('there must be exactly one certificate');
  return certificate;
}

/** One PEM block with lines of 64 characters and a line feed at the end. */
export function encodePem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

export interface PemBlock {
  readonly label: string;
  readonly der: Buffer;
}

/** A boundary in explanatory text stands at the beginning of a line, but for white space and a byte order mark. */
const BOUNDARY_OF_LINE = /(?:^|[\r\n\v\f])[^\S\r\n\v\f]*-----(BEGIN|END) ([^\r\n]*?)-----/;
/** A boundary wherever it stands. */
const BOUNDARY = /^-----(BEGIN|END) ([^\r\n]*?)-----/;
const LABEL = /^[A-Z0-9]+(?:[ .-][A-Z0-9]+)*$/;
/** Of groups of four. A repeated group would exhaust the stack in a block of megabytes, such as a revocation list. */
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** All PEM blocks of a text, whatever they contain. @throws PemError if one is malformed */
export function readPemBlocks(pem: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let rest = pem;
  for (let begin = BOUNDARY_OF_LINE.exec(rest); begin; begin = BOUNDARY_OF_LINE.exec(rest)) {
    const name = `block ${blocks.length + 1}`;
    const [boundary, kind, label = ''] = begin;
    if (kind === 'END') throw new PemError(`${name} has an end without a beginning`);
    if (!LABEL.test(label)) throw new PemError(`${name} has a label that RFC 7468 does not allow`);
    rest = rest.slice(begin.index + boundary.length);

    const length = rest.indexOf('-----');
    if (length < 0) throw new PemError(`${name} has no end`);
    const end = BOUNDARY.exec(rest.slice(length));
    if (end?.[1] === 'BEGIN') throw new PemError(`${name} has no end before the next one begins`);
    if (end?.[2] !== label) throw new PemError(`${name} has the end of a block with another label`);
    blocks.push({ label, der: decodeBase64(rest.slice(0, length), name) });
    rest = rest.slice(length + end[0].length);
  }
  return blocks;
}

/** Windows PowerShell writes UTF-16 by default, in which every second byte is zero. */
function missingBlock(text: string): string {
  return text.includes('\0')
    ? 'the text is not ASCII or UTF-8: it contains zero bytes, as UTF-16 and DER do. Save it as PEM in UTF-8'
    : 'there is no PEM block "CERTIFICATE"';
}

function decodeBase64(text: string, name: string): Buffer {
  const body = text.replaceAll(/\s/g, '');
  if (body === '' || body.length % 4 !== 0 || !BASE64.test(body)) throw new PemError(`${name} is not base64`);
  return Buffer.from(body, 'base64');
}

function decodeCertificate(der: Buffer, index: number): X509Certificate {
  const broken = `block ${index + 1} is not a DER certificate`;
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(der);
  } catch (cause) {
    throw new PemError(broken, { cause });
  }
  // OpenSSL ignores what follows the certificate.
  if (certificate.raw.length !== der.length) throw new PemError(broken);
  return certificate;
}
