import { X509Certificate } from 'node:crypto';

/** The text violates RFC 7468, or contains something other than certificates. The message never quotes the text. */
export class PemError extends Error {
  override readonly name = 'PemError';
}

/**
 * The certificates in a PEM text, in order. Ignores explanatory text between blocks (RFC 7468, section 2).
 *
 * @throws PemError if there is no certificate, a block is malformed or isn't a certificate, or there is a private key
 */
export function readCertificates(pem: string): X509Certificate[] {
  const blocks = readPemBlocks(pem);
  if (blocks.length === 0) throw new PemError('there is no PEM block "-----BEGIN CERTIFICATE-----"');
  return blocks.map(({ label, der }, index) => {
    if (label.endsWith('PRIVATE KEY')) {
      throw new PemError('the text contains a private key: remove it, and replace it if others could read it');
    }
    if (label !== 'CERTIFICATE') throw new PemError(`block ${index + 1} is a ${label}, not a CERTIFICATE`);
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

const BOUNDARY = /^-----(BEGIN|END) ([^\r\n]*?)-----[ \t]*$/;
const LABEL = /^[A-Z0-9]+(?:[ .-][A-Z0-9]+)*$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** All PEM blocks of a text, whatever they contain. @throws PemError if one is malformed */
export function readPemBlocks(pem: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let open: { label: string; body: string } | undefined;
  for (const line of pem.split(/\r\n|\n|\r/)) {
    const [, kind, label = ''] = BOUNDARY.exec(line) ?? [];
    if (kind === undefined) {
      if (open) open.body += line.trim();
    } else if (kind === 'BEGIN') {
      if (open) throw new PemError(`block ${blocks.length + 1} has no end before the next one begins`);
      if (!LABEL.test(label)) throw new PemError(`block ${blocks.length + 1} has a label that RFC 7468 does not allow`);
      open = { label, body: '' };
    } else {
      if (open?.label !== label) throw new PemError(`block ${blocks.length + 1} has an end without a beginning`);
      blocks.push({ label, der: decodeBase64(open.body, blocks.length) });
      open = undefined;
    }
  }
  if (open) throw new PemError(`block ${blocks.length + 1} has no end`);
  return blocks;
}

function decodeBase64(body: string, index: number): Buffer {
  if (body === '' || !BASE64.test(body)) throw new PemError(`block ${index + 1} is not base64`);
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
