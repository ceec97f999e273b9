import { X509Certificate } from 'node:crypto';

export class PemError extends Error {
  override readonly name = 'PemError';
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]*)-----END \1-----/g;

export interface PemBlock {
  readonly label: string;
  readonly der: Buffer;
}

/** The PEM blocks in a text. Ignores everything else (RFC 7468, section 2). */
export function readPemBlocks(pem: string): readonly PemBlock[] {
  return [...pem.matchAll(BLOCK)].map(([, label = '', base64 = '']) => ({ label, der: Buffer.from(base64, 'base64') }));
}

/** @throws PemError if there is no certificate, or a block that is not a certificate */
export function readCertificates(pem: string): readonly X509Certificate[] {
  const blocks = readPemBlocks(pem);
  if (blocks.length === 0) throw new PemError('the text contains no certificate in PEM');
  return blocks.map(({ label, der }, index) => {
    try {
      if (label === 'CERTIFICATE') return new X509Certificate(der);
    } catch (cause) {
      throw new PemError(`PEM block ${index + 1} is not a DER certificate`, { cause });
    }
    throw new PemError(`PEM block ${index + 1} is a ${label}, not a CERTIFICATE`);
  });
}

/** A PEM block with lines of 64 characters that ends with a line feed. */
export function encodePem(label: string, der: Uint8Array): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
