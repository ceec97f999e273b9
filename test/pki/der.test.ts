import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import { der } from '../../pki/der';

const OCTET_STRING = 0x04;

test.each([0, 1, 127, 128, 255, 256, 65_535, 65_536])(
  '%d octets of content are read back by the ASN.1 library',
  (length) => {
    const content = Buffer.alloc(length, 0xab);
    const encoded = der(OCTET_STRING, content.subarray(0, 1), content.subarray(1));
    expect(Buffer.from(AsnConvert.parse(encoded, OctetString).buffer)).toEqual(content);
    expect(encoded).toEqual(Buffer.from(AsnConvert.serialize(new OctetString(new Uint8Array(content)))));
  },
);
