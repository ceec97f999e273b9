import { createPublicKey, generateKeyPairSync, type KeyObject, sign, X509Certificate } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import { Certificate } from '@peculiar/asn1-x509';
import { privateKeyPem } from '../../../../pki/keys';
import { randomSerialNumber, signCertificate } from '../../../../sandbox/x509/certificate';
import { type DistinguishedName, encodeDistinguishedName } from '../../../../sandbox/x509/names';
import { encodePem } from '../../../../sandbox/x509/pem';
import {
  clientExtensions,
  rootAuthorityExtensions,
  serverExtensions,
  subordinateAuthorityExtensions,
} from '../../../../sandbox/x509/profiles';

const HOUR = 3_600_000;
const YEAR = 365 * 24 * HOUR;

export interface Credentials {
  readonly cert: string;
  readonly key: string;
}

interface Validity {
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

/** A certificate authority for tests, with what a test wants to be wrong. */
export class TestAuthority {
  readonly key = newKey();
  readonly certificate: string;
  private readonly name: Uint8Array;

  private constructor(subject: DistinguishedName, parent?: TestAuthority, pathLength = 3) {
    this.name = encodeDistinguishedName(subject);
    const extensions = parent ? subordinateAuthorityExtensions(pathLength) : rootAuthorityExtensions();
    const notAfter = new Date(Date.now() + YEAR);
    this.certificate = (parent ?? this).sign(this.name, this.key, extensions, { notAfter });
  }

  static root(commonName = 'Test root'): TestAuthority {
    return new TestAuthority({ commonName });
  }

  subordinate(commonName = 'Test subordinate', pathLength?: number): TestAuthority {
    return new TestAuthority({ commonName }, this, pathLength);
  }

  client(clientName = 'mail', validity: Validity = {}): Credentials {
    const names = { uris: [`spiffe://mesh.example.com/${clientName}`], dnsNames: [] };
    return this.endEntity(clientName, clientExtensions(names), validity);
  }

  /** A client's certificate with a negative serial number, which RFC 5280 forbids. */
  clientWithNegativeSerialNumber(octets: number): Credentials {
    const { cert, key } = this.client();
    const certificate = AsnConvert.parse(new X509Certificate(cert).raw, Certificate);
    certificate.tbsCertificate.serialNumber = new Uint8Array(octets).fill(0x85).buffer;
    const signed = Buffer.from(AsnConvert.serialize(certificate.tbsCertificate));
    const { tbsCertificate, signatureAlgorithm } = certificate;
    const signatureValue = new Uint8Array(sign('sha256', signed, this.key)).buffer;
    const resigned = new Certificate({ tbsCertificate, signatureAlgorithm, signatureValue });
    return { cert: encodePem('CERTIFICATE', Buffer.from(AsnConvert.serialize(resigned))), key };
  }

  server(dnsName: string): Credentials {
    return this.endEntity(dnsName, serverExtensions({ uris: [], dnsNames: [dnsName] }), {});
  }

  private endEntity(
    commonName: string,
    extensions: ReturnType<typeof clientExtensions>,
    validity: Validity,
  ): Credentials {
    const key = newKey();
    const subject = encodeDistinguishedName({ organization: 'Example', commonName });
    return { cert: this.sign(subject, key, extensions, validity), key: privateKeyPem(key) };
  }

  private sign(
    subject: Uint8Array,
    key: KeyObject,
    extensions: ReturnType<typeof clientExtensions>,
    { notBefore = new Date(Date.now() - HOUR), notAfter = new Date(Date.now() + HOUR) }: Validity,
  ): string {
    return signCertificate({
      serialNumber: randomSerialNumber(),
      subject,
      issuer: this.name,
      notBefore,
      notAfter,
      publicKey: createPublicKey(key),
      extensions,
      signingKey: this.key,
      signingAlgorithm: 'SHA256WITHECDSA',
    });
  }
}

function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
}
