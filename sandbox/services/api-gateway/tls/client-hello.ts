/** The part of a ClientHello that selects a domain. */
export type ClientHello =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'complete'; readonly serverName: string | undefined };

const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME_EXTENSION = 0;
const HOST_NAME = 0;
/** The limit of a ClientHello, which has about 2,000 octets with post-quantum key shares. */
const MAX_LENGTH = 16_384;

/** Reads the server name (RFC 6066, section 3) at the start of a connection. */
export function readClientHello(received: Buffer): ClientHello {
  try {
    const message = new Octets(handshakeOctets(new Octets(received)));
    if (message.integer(1) !== CLIENT_HELLO) return { kind: 'malformed' };
    const hello = new Octets(message.take(message.integer(3)));
    return { kind: 'complete', serverName: serverNameOf(hello) };
  } catch (error) {
    if (!(error instanceof OutOfOctets)) throw error;
    return { kind: received.length < MAX_LENGTH && isHandshake(received) ? 'incomplete' : 'malformed' };
  }
}

function isHandshake(received: Buffer): boolean {
  return received.length === 0 || received[0] === HANDSHAKE_RECORD;
}

/** The contents of all complete records. A handshake message can span several records. */
function handshakeOctets(records: Octets): Buffer {
  const fragments: Buffer[] = [];
  while (records.left >= 5 && records.integer(1) === HANDSHAKE_RECORD) {
    records.take(2);
    const length = records.integer(2);
    if (records.left < length) break;
    fragments.push(records.take(length));
  }
  return Buffer.concat(fragments);
}

function serverNameOf(hello: Octets): string | undefined {
  hello.take(2 + 32);
  hello.take(hello.integer(1));
  hello.take(hello.integer(2));
  hello.take(hello.integer(1));
  if (hello.left === 0) return undefined;
  const extensions = new Octets(hello.take(hello.integer(2)));
  while (extensions.left > 0) {
    const type = extensions.integer(2);
    const content = new Octets(extensions.take(extensions.integer(2)));
    if (type !== SERVER_NAME_EXTENSION) continue;
    const names = new Octets(content.take(content.integer(2)));
    return names.integer(1) === HOST_NAME ? names.take(names.integer(2)).toString('latin1').toLowerCase() : undefined;
  }
  return undefined;
}

class OutOfOctets extends Error {}

class Octets {
  private position = 0;

  constructor(private readonly buffer: Buffer) {}

  get left(): number {
    return this.buffer.length - this.position;
  }

  take(length: number): Buffer {
    if (length > this.left) throw new OutOfOctets();
    this.position += length;
    return this.buffer.subarray(this.position - length, this.position);
  }

  integer(octets: number): number {
    return this.take(octets).readUIntBE(0, octets);
  }
}
