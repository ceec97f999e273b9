import { createHash, type X509Certificate } from 'node:crypto';
import { assertStorePassword } from './pkcs12';

const MAGIC = 0xfeedfeed;
const VERSION = 2;
const TRUSTED_CERTIFICATE = 2;
/** What the digest of every JKS file covers between the password and the content (`JavaKeyStore.java` of OpenJDK). */
const WHITENER = 'Mighty Aphrodite';

/**
 * Certificates that Java programs trust, in Java's own format, for programs that don't read PKCS#12. The aliases are the name
 * with a number. The SHA-1 digest of the format finds accidental changes, but doesn't protect from deliberate ones.
 *
 * @param name ASCII
 * @throws StorePasswordError
 */
export function encodeJavaTruststore(
  name: string,
  certificates: readonly X509Certificate[],
  password: string,
  at = new Date(),
): Buffer {
  assertStorePassword(password);
  const created = Buffer.alloc(8);
  created.writeBigInt64BE(BigInt(at.getTime()));
  const entries = certificates.flatMap(({ raw }, index) => [
    int32(TRUSTED_CERTIFICATE),
    text(`${name}-${index + 1}`),
    created,
    text('X.509'),
    int32(raw.length),
    raw,
  ]);
  const content = Buffer.concat([int32(MAGIC), int32(VERSION), int32(certificates.length), ...entries]);
  const digest = createHash('sha1')
    .update(Buffer.from(password, 'utf16le').swap16())
    .update(WHITENER)
    .update(content)
    .digest();
  return Buffer.concat([content, digest]);
}

function int32(value: number): Buffer {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(value);
  return octets;
}

/** As `DataOutput.writeUTF` writes ASCII. */
function text(value: string): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(value.length);
  return Buffer.concat([length, Buffer.from(value, 'ascii')]);
}
