import 'reflect-metadata';
import { AsnConvert } from '@peculiar/asn1-schema';
import { Name } from '@peculiar/x509';
import {
  assertDistinguishedName,
  type DistinguishedName,
  encodeAddress,
  encodeAlternativeNames,
  encodeDistinguishedName,
} from '../../pki/names';
import * as sandboxNames from '../../sandbox/x509/names';

const hexadecimal = (octets: Uint8Array) => Buffer.from(octets).toString('hex');
const asBuffer = (octets: Uint8Array) => new Uint8Array(octets).buffer;

const FULL: DistinguishedName = {
  commonName: 'Issuing 1',
  organization: 'Example, "Inc."',
  organizationalUnit: 'Größe',
  country: 'DE',
  state: 'Bayern',
  locality: 'München',
};

describe('a distinguished name', () => {
  test.each<DistinguishedName>([FULL, { commonName: 'mail' }, { commonName: '証明書', country: 'JP' }])(
    'has the encoding of the sandbox: %j',
    (name) => {
      expect(hexadecimal(encodeDistinguishedName(name))).toBe(hexadecimal(sandboxNames.encodeDistinguishedName(name)));
    },
  );

  test('is read by @peculiar/x509', () => {
    const name = new Name(asBuffer(encodeDistinguishedName(FULL)));
    expect(name.toJSON()).toEqual([
      { C: ['DE'] },
      { O: ['Example, "Inc."'] },
      { OU: ['Größe'] },
      { ST: ['Bayern'] },
      { CN: ['Issuing 1'] },
      { L: ['München'] },
    ]);
  });

  test('counts characters, not octets or code units', () => {
    const commonName = '😀'.repeat(64);
    expect(() => encodeDistinguishedName({ commonName })).not.toThrow();
    expect(() => encodeDistinguishedName({ commonName: `${commonName}a` })).toThrow(
      'commonName must have 1 to 64 characters',
    );
  });

  const HOSTILE: readonly (readonly [string, string])[] = [
    ['empty', ''],
    ['too long', 'a'.repeat(129)],
    ['with NUL', 'mail\0.example.com'],
    ['with a line feed', 'mail\nCN=admin'],
    ['with an escape', '\x1b[31mmail'],
    ['with DEL', 'mail\x7f'],
    ['with a C1 control character', 'mail\x9b31m'],
    ['with a line separator', 'mail\u2028admin'],
    ['with a character that turns the text around', 'mail\u202Eliam'],
    ['with a lone surrogate', 'mail\ud800'],
    ['with white space at an end', 'mail '],
  ];
  const FIELDS = ['commonName', 'organization', 'organizationalUnit', 'country', 'state', 'locality'] as const;

  test.each(HOSTILE.flatMap(([what, text]) => FIELDS.map((field) => [field, what, text] as const)))(
    'has no %s %s',
    (field, _, text) => {
      expect(() => encodeDistinguishedName({ ...FULL, [field]: text })).toThrow(new RegExp(`^${field} must`));
    },
  );

  test.each(['D', 'DEU', 'D1', 'ÄÖ'])('has no country %s', (country) => {
    expect(() => encodeDistinguishedName({ ...FULL, country })).toThrow('country must have two letters');
  });
});

describe('a distinguished name of somebody else', () => {
  test.each(['CN=Issuing', 'C=DE, O=Example+OU=1, CN=Issuing', 'DC=example, E=a@example.com, CN=Größe'])(
    '%s is accepted',
    (name) => {
      expect(() => assertDistinguishedName(Buffer.from(new Name(name).toArrayBuffer()))).not.toThrow();
    },
  );

  test.each([
    ['empty', '3000', 'must not be empty'],
    ['no octets', '', 'must be a distinguished name'],
    ['an empty part', '30023100', 'must be a distinguished name'],
    ['a sequence for a set', '300d300b3009060355040313026161', 'must be a distinguished name'],
    ['two values of one attribute', '3011310f300d06035504030c0261610c026161', 'must be a distinguished name'],
    ['more than a name', '300d310b3009060355040313026161ff', 'must be a distinguished name'],
    ['cut off', '300d310b30090603550403130261', 'must be a distinguished name'],
    ['a BMPString', '300d310b300906035504031e020061', 'must have values of type UTF8String'],
    ['octets that are not UTF-8', '300d310b300906035504030c02ff61', 'must have values of type UTF8String'],
    ['NUL', '300d310b300906035504030c026100', 'must not have control characters'],
    ['an empty value', '300b3109300706035504030c00', 'must have 1 to 256 characters'],
  ])('with %s is refused', (_, hex, reason) => {
    expect(() => assertDistinguishedName(Buffer.from(hex, 'hex'))).toThrow(reason);
  });
});

describe('alternative names', () => {
  test('have the encoding of the sandbox: the SPIFFE ID first', () => {
    const [spiffeId, dnsNames] = ['spiffe://example.com/mail', ['mail.example.com', 'a', 'xn--mller-kva.example.com']];
    const expected = sandboxNames.encodeSubjectAlternativeNames({ uris: [spiffeId], dnsNames });
    expect(hexadecimal(encodeAlternativeNames({ spiffeId, dnsNames }))).toBe(
      hexadecimal(Buffer.from(AsnConvert.serialize(expected))),
    );
  });

  test.each([
    ['of another scheme', 'https://example.com/mail'],
    ['without a path', 'spiffe://example.com'],
    ['with a space', 'spiffe://example.com/ma il'],
    ['with a line feed at the end', 'spiffe://example.com/mail\n'],
    ['with NUL', 'spiffe://example.com/mail\0'],
    ['that is not ASCII', 'spiffe://example.com/größe'],
    ['with a comma', 'spiffe://example.com/mail,DNS:x'],
    ['with a query', 'spiffe://example.com/mail?x'],
    ['that is too long', `spiffe://example.com/${'a'.repeat(2048)}`],
  ])('have no SPIFFE ID %s', (_, spiffeId) => {
    expect(() => encodeAlternativeNames({ spiffeId, dnsNames: [] })).toThrow('spiffeId must be');
  });

  test.each([
    ['empty', ''],
    ['with a space', 'mail example.com'],
    ['of a space', ' '],
    ['with NUL', 'mail.example.com\0.evil.com'],
    ['with a line feed at the end', 'mail.example.com\n'],
    ['not in ASCII', 'größe.example.com'],
    ['a wildcard', '*.example.com'],
    ['with an empty label', 'mail..example.com'],
    ['with a dot at the end', 'example.com.'],
    ['with a hyphen at the end of a label', 'mail-.example.com'],
    ['with a label of 64 characters', `${'a'.repeat(64)}.example.com`],
    ['of 254 characters', `${'a'.repeat(61)}.`.repeat(4) + 'a'.repeat(6)],
    ['with a comma', 'mail.example.com,URI:spiffe://x'],
  ])('have no DNS name that is %s', (_, name) => {
    const names = { spiffeId: 'spiffe://example.com/mail', dnsNames: ['a.example.com', name] };
    expect(() => encodeAlternativeNames(names)).toThrow('dnsNames must be');
  });
});

describe('an address', () => {
  test.each(['http://crl.example.com/1.crl', 'https://b.s3.amazonaws.com/a%20b?x=1&y=2'])('may be %s', (address) => {
    expect(encodeAddress('crlAddress', address).subarray(2).toString()).toBe(address);
  });

  test.each([
    ['of another scheme', 'ldap://example.com/'],
    ['without a host', 'http://'],
    ['with a space', 'http://example.com/a b'],
    ['with a line feed at the end', 'http://example.com/\n'],
    ['that is not ASCII', 'http://example.com/größe'],
    ['with NUL', 'http://example.com/\0'],
    ['that is none', 'example.com/list.crl'],
  ])('is not one %s', (_, address) => {
    expect(() => encodeAddress('crlAddress', address)).toThrow('crlAddress must be an HTTP address in ASCII');
  });
});
