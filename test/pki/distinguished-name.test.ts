import 'reflect-metadata';
import { AsnConvert } from '@peculiar/asn1-schema';
import * as asn1 from '@peculiar/asn1-x509';
import { Name } from '@peculiar/x509';
import { commonNamesIn, encodeDistinguishedName } from '../../pki/distinguished-name';

const der = (name: string) => Buffer.from(new Name(name).toArrayBuffer());

test('finds the common name among the parts of its own names', () => {
  expect(commonNamesIn(encodeDistinguishedName({ organization: 'mail', commonName: 'social' }))).toEqual(['social']);
  expect(commonNamesIn(encodeDistinguishedName({ organization: 'mail' }))).toEqual([]);
  expect(commonNamesIn(encodeDistinguishedName({}))).toEqual([]);
});

test.each([
  ['several', 'CN=mail, CN=social', ['mail', 'social']],
  ['two in one part', 'CN=mail+CN=social', ['mail', 'social']],
  ['one of another type', 'CN=#0101FF', ['0101ff']],
  ['an empty one', 'CN=', ['']],
])('finds %s in other people’s names', (_name, text, commonNames) => {
  expect([...commonNamesIn(der(text))].sort()).toEqual([...commonNames].sort());
});

test('finds a common name of another string type', () => {
  const value = new asn1.AttributeValue({ bmpString: 'mail' });
  const part = new asn1.RelativeDistinguishedName([new asn1.AttributeTypeAndValue({ type: '2.5.4.3', value })]);
  expect(commonNamesIn(Buffer.from(AsnConvert.serialize(new asn1.Name([part]))))).toEqual(['mail']);
});
