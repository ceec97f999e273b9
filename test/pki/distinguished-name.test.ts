import 'reflect-metadata';
import { type JsonName, Name } from '@peculiar/x509';
import { commonNamesIn, encodeDistinguishedName } from '../../pki/distinguished-name';

const der = (name: string | JsonName) => Buffer.from(new Name(name).toArrayBuffer());

test('finds the common name among the parts of its own names', () => {
  expect(commonNamesIn(encodeDistinguishedName({ organization: 'mail', commonName: 'social' }))).toEqual(['social']);
  expect(commonNamesIn(encodeDistinguishedName({ organization: 'mail' }))).toEqual([]);
  expect(commonNamesIn(encodeDistinguishedName({}))).toEqual([]);
});

test.each<[string, string | JsonName, readonly string[]]>([
  ['several', 'CN=mail, CN=social', ['mail', 'social']],
  ['two in one part', 'CN=mail+CN=social', ['mail', 'social']],
  ['one of another string type', [{ CN: [{ bmpString: 'mail' }] }], ['mail']],
  ['one of another type', 'CN=#0101FF', ['0101ff']],
  ['an empty one', 'CN=', ['']],
])('finds %s in other people’s names', (_name, text, commonNames) => {
  expect([...commonNamesIn(der(text))].sort()).toEqual([...commonNames].sort());
});
