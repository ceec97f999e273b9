import fc from 'fast-check';
import {
  hasUri,
  isClientCertificate,
  issuerText,
  notAfterOf,
  notBeforeOf,
  spiffeIdOf,
  subjectText,
} from '../../pki/certificate-fields';
import { type Authority, createClient, createPlain, createRoot, createServer } from './authorities';

let root: Authority;
beforeAll(async () => {
  root = await createRoot('Root');
});

async function spiffeIdAmong(uris: readonly string[], dnsNames: readonly string[] = []): Promise<string | undefined> {
  const client = await createClient(root, 'mail', { uris, dnsNames });
  return spiffeIdOf(client.certificate);
}

test('the SPIFFE ID is the only URI, whatever DNS names stand beside it', async () => {
  expect(await spiffeIdAmong(['spiffe://example.com/mail'])).toBe('spiffe://example.com/mail');
  expect(await spiffeIdAmong(['spiffe://example.com/mail'], ['a.example.com', 'b.example.com'])).toBe(
    'spiffe://example.com/mail',
  );
});

test.each([
  ['no alternative name', [], []],
  ['no URI', [], ['mail.example.com']],
  ['two SPIFFE IDs', ['spiffe://example.com/mail', 'spiffe://example.com/social'], []],
  ['a URI beside the SPIFFE ID', ['spiffe://example.com/mail', 'https://example.com'], []],
  ['a URI of another scheme', ['https://example.com/mail'], []],
  ['no trust domain', ['spiffe:///mail'], []],
  ['a trust domain in upper case', ['spiffe://Example.com/mail'], []],
  ['an empty path segment', ['spiffe://example.com//mail'], []],
  ['a slash at the end', ['spiffe://example.com/mail/'], []],
  ['a relative path segment', ['spiffe://example.com/../mail'], []],
  ['no path', ['spiffe://example.com'], []],
  ['a port', ['spiffe://example.com:443/mail'], []],
  ['a query', ['spiffe://example.com/mail?x=1'], []],
  ['percent encoding', ['spiffe://example.com/m%61il'], []],
  ['a comma that imitates a second name', ['spiffe://example.com/mail, DNS:x'], []],
  ['a quotation mark', ['spiffe://example.com/"mail'], []],
  ['a line feed', ['spiffe://example.com/mail\n'], []],
  ['a space at its end', ['spiffe://example.com/mail '], []],
  ['a space at its beginning', [' spiffe://example.com/mail'], []],
  ['a NUL', ['spiffe://example.com/mail\0.example.com'], []],
  ['a URI hidden in a DNS name', [], ['x, URI:spiffe://example.com/mail']],
  ['a URI hidden behind a quotation mark', [], ['x", URI:spiffe://example.com/mail']],
])('there is no SPIFFE ID with %s', async (_name, uris, dnsNames) => {
  expect(await spiffeIdAmong(uris, dnsNames)).toBeUndefined();
});

test('a DNS name that imitates a URI neither adds nor hides one', async () => {
  const names = ['x, URI:spiffe://example.com/social', '"', "'", '\\'];
  expect(await spiffeIdAmong(['spiffe://example.com/mail'], names)).toBe('spiffe://example.com/mail');
});

test('no names make the SPIFFE ID anything but the only URI', async () => {
  const part = fc.constantFrom('spiffe://example.com/mail', ', ', 'URI:', 'DNS:', '"', '\\', "'", '\n', '\0', 'x');
  const name = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(''));
  await fc.assert(
    fc.asyncProperty(fc.array(name, { maxLength: 3 }), fc.array(name, { maxLength: 3 }), async (uris, dnsNames) => {
      const [only, ...others] = uris;
      const valid = others.length === 0 && /^spiffe:\/\/example\.com\/mailx*$/.test(only ?? '');
      expect(await spiffeIdAmong(uris, dnsNames)).toBe(valid && !/[\n\0]/.test(only ?? '') ? only : undefined);
    }),
    { numRuns: 100 },
  );
});

test.each([
  [true, ['spiffe://example.com/mail'], []],
  [true, ['https://example.com', 'urn:example'], ['mail.example.com']],
  [true, ['spiffe://example.com/mail, DNS:x'], []],
  [false, [], []],
  [false, [], ['mail.example.com', 'x, URI:spiffe://example.com/mail']],
])('whether there is any URI: %s for %j', async (expected, uris, dnsNames) => {
  expect(hasUri((await createClient(root, 'mail', { uris, dnsNames })).certificate)).toBe(expected);
});

test('a certificate that says nothing of its purpose is no client certificate', async () => {
  expect(isClientCertificate((await createPlain(root, 'mail', root.privateKey)).certificate)).toBe(false);
});

test('a client certificate is an end-entity certificate for TLS clients', async () => {
  const client = await createClient(root, 'mail');
  const server = await createServer(root, 'mesh.example.com');
  expect(isClientCertificate(client.certificate)).toBe(true);
  expect(isClientCertificate(server.certificate)).toBe(false);
  expect(isClientCertificate(root.certificate)).toBe(false);
});

test.each([
  '2026-01-05T04:03:02.000Z',
  '2049-12-31T23:59:59.000Z',
  '2050-01-01T00:00:00.000Z',
  '9999-12-31T23:59:59.000Z',
])('reads the time %s', async (time) => {
  const early = await createClient(root, 'mail', {
    validity: { notBefore: new Date('2020-02-29'), notAfter: new Date(time) },
  });
  expect(notBeforeOf(early.certificate).toISOString()).toBe('2020-02-29T00:00:00.000Z');
  expect(notAfterOf(early.certificate).toISOString()).toBe(time);
});

test('subject and issuer stand on one line, control characters escaped', async () => {
  const client = await createClient(root, 'mail\nO=Evil');
  expect(subjectText(client.certificate)).toBe('CN=mail\\0AO=Evil');
  expect(issuerText(client.certificate)).toBe('O=Example, CN=Root');
});
