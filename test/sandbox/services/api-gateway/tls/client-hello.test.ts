import fc from 'fast-check';
import { readClientHello } from '../../../../../sandbox/services/api-gateway/tls/client-hello';

/** One record with a ClientHello for `mesh.example.com`, put together by hand from RFC 8446, section 4.1.2. */
const name = Buffer.from('mesh.example.com');
const serverName = Buffer.concat([integer(name.length + 3, 2), Buffer.of(0), integer(name.length, 2), name]);
const extensions = Buffer.concat([
  Buffer.from([0, 23, 0, 0]),
  integer(0, 2),
  integer(serverName.length, 2),
  serverName,
]);
const body = Buffer.concat([
  Buffer.from([3, 3]),
  Buffer.alloc(32),
  Buffer.of(0),
  Buffer.from([0, 2, 0x13, 0x01]),
  Buffer.from([1, 0]),
  integer(extensions.length, 2),
  extensions,
]);
const handshake = Buffer.concat([Buffer.of(1), integer(body.length, 3), body]);

test('reads the server name', () => {
  expect(readClientHello(record(handshake))).toEqual({ kind: 'complete', serverName: 'mesh.example.com' });
});

test('reads it from a message that is spread over records', () => {
  const records = Buffer.concat([record(handshake.subarray(0, 10)), record(handshake.subarray(10))]);
  expect(readClientHello(records)).toEqual({ kind: 'complete', serverName: 'mesh.example.com' });
});

test('waits for the rest at every place where the message may be cut', () => {
  const whole = record(handshake);
  for (let length = 0; length < whole.length; length++) {
    expect(readClientHello(whole.subarray(0, length))).toEqual({ kind: 'incomplete' });
  }
});

test.each([
  ['another kind of record', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ['another handshake message', record(Buffer.concat([Buffer.of(2), integer(body.length, 3), body]))],
  ['a message that never ends', Buffer.concat(Array.from({ length: 5 }, () => record(Buffer.alloc(4_096, 1))))],
])('refuses %s', (_, received) => {
  expect(readClientHello(received)).toEqual({ kind: 'malformed' });
});

test('survives whatever octets arrive', () => {
  const octets = fc.uint8Array({ maxLength: 200 });
  const damaged = fc.tuple(fc.nat(handshake.length - 1), fc.nat(255)).map(([at, octet]) => {
    const copy = Buffer.from(handshake);
    copy[at] = octet;
    return record(copy);
  });
  fc.assert(
    fc.property(fc.oneof(octets, octets.map(record), damaged), (received) => {
      expect(['incomplete', 'malformed', 'complete']).toContain(readClientHello(Buffer.from(received)).kind);
    }),
  );
});

function record(fragment: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([22, 3, 1]), integer(fragment.length, 2), fragment]);
}

function integer(value: number, octets: number): Buffer {
  const buffer = Buffer.alloc(octets);
  buffer.writeUIntBE(value, 0, octets);
  return buffer;
}
