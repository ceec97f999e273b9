/** Reads what a server asks of clients from the beginning of a TLS 1.2 handshake, which is not encrypted (RFC 5246). */
import { readElement, readElements, Tag } from '../../pki/der';

const HANDSHAKE_RECORD = 22;
const CERTIFICATE = 11;
const CERTIFICATE_REQUEST = 13;

/** What a server asks of clients: nothing, or a certificate. */
export interface ServerRequest {
  readonly asksForCertificate: boolean;
  /** The names of the authorities whose certificates the server takes, in DER. Empty if it does not say. */
  readonly authorities: readonly Buffer[];
}

/**
 * @param octets what the server has sent
 * @returns undefined if the octets don't say, because they are not such a handshake
 */
export function readServerRequest(octets: Buffer): ServerRequest | undefined {
  const messages = [...handshakeMessages(handshakeOctets(octets))];
  if (!messages.some(({ type }) => type === CERTIFICATE)) return undefined;
  const request = messages.find(({ type }) => type === CERTIFICATE_REQUEST);
  return { asksForCertificate: request !== undefined, authorities: request ? authoritiesIn(request.body) : [] };
}

/** The content of the handshake records before the first of another type. */
function handshakeOctets(octets: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let rest = octets; rest.length >= 5 && rest[0] === HANDSHAKE_RECORD; ) {
    const end = 5 + rest.readUInt16BE(3);
    parts.push(rest.subarray(5, end));
    rest = rest.subarray(end);
  }
  return Buffer.concat(parts);
}

function* handshakeMessages(octets: Buffer): Generator<{ readonly type: number; readonly body: Buffer }> {
  for (let rest = octets; rest.length >= 4; ) {
    const end = 4 + rest.readUIntBE(1, 3);
    if (end > rest.length) return;
    yield { type: rest[0] ?? 0, body: rest.subarray(4, end) };
    rest = rest.subarray(end);
  }
}

/** Types of certificates, signature algorithms, and the names: section 7.4.4. */
function authoritiesIn(body: Buffer): readonly Buffer[] {
  const types = 1 + (body[0] ?? 0);
  const algorithms = body.length >= types + 2 ? types + 2 + body.readUInt16BE(types) : body.length;
  const names: Buffer[] = [];
  for (let rest = body.subarray(algorithms + 2); rest.length >= 2; ) {
    const end = 2 + rest.readUInt16BE(0);
    if (end > rest.length) break;
    names.push(rest.subarray(2, end));
    rest = rest.subarray(end);
  }
  return names;
}

/** The subject of a certificate in DER. Undefined if the certificate is malformed. */
export function subjectOf(certificate: Uint8Array): Buffer | undefined {
  const outer = readElement(certificate, Tag.sequence);
  const inner = outer && readElement(outer.content, Tag.sequence);
  let rest = inner?.content;
  const [version] = rest ? [readElement(rest, Tag.context0)] : [];
  if (version) rest = version.rest;
  // Serial number, signature algorithm, issuer, and validity.
  for (let skipped = 0; skipped < 4 && rest; skipped++) rest = readElement(rest)?.rest;
  const subject = rest && readElement(rest, Tag.sequence);
  return rest && subject && Buffer.from(rest.subarray(0, rest.length - subject.rest.length));
}

/** A name for a person: the values of its attributes, the most specific last. */
export function nameText(name: Uint8Array): string {
  const sequence = readElement(name, Tag.sequence);
  const sets = (sequence && readElements(sequence.content)) ?? [];
  const values = sets.flatMap(({ content }) => {
    const attribute = readElement(content, Tag.sequence);
    const value = attribute && readElements(attribute.content)?.[1];
    return value
      ? [
          Buffer.from(value.content)
            .toString('utf8')
            .replaceAll(/\p{Cc}/gu, ' '),
        ]
      : [];
  });
  return values.length > 0 ? values.join(', ') : '(no name)';
}
