import { createPublicKey, generateKeyPairSync, type KeyObject, sign, X509Certificate } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import { AlgorithmIdentifier, Certificate, Extension, Extensions } from '@peculiar/asn1-x509';
import { encodePem } from '../../pki/pem';
import { encodedSubjectOf, randomSerialNumber, signCertificate } from '../../sandbox/x509/certificate';
import { encodeDistinguishedName } from '../../sandbox/x509/names';
import { clientExtensions } from '../../sandbox/x509/profiles';
import { type Authority, validFor } from './authorities';

/** A client certificate with whatever is to be wrong in it. */
export interface Forgery {
  readonly by: Pick<Authority, 'certificate' | 'privateKey' | 'signingAlgorithm'>;
  /** @default mail */
  readonly commonName?: string;
  readonly uris?: readonly string[];
  /** @default - a day */
  readonly validity?: { readonly notBefore: Date; readonly notAfter: Date };
  /** Replaces the extensions of a client certificate. */
  readonly extensions?: (usual: readonly Extension[]) => readonly Extension[];
  /** @default - a new key on P-256 */
  readonly key?: KeyObject;
  /** The content octets of the INTEGER. @default - a random one */
  readonly serialNumber?: Uint8Array;
  /** A hash that nobody should sign with any more. @default - SHA-256 */
  readonly weakHash?: 'md5' | 'sha1';
  /** PEM of what the client sends after the certificate. @default - the authority's certificate */
  readonly chain?: string;
}

/** What a client connects with, in PEM. */
export interface ClientCredentials {
  readonly certificate: string;
  readonly certificateChain: string;
  readonly privateKey: string;
}

const WEAK_SIGNATURES: Readonly<Record<string, string>> = {
  'ec sha1': '1.2.840.10045.4.1',
  'rsa sha1': '1.2.840.113549.1.1.5',
  'rsa md5': '1.2.840.113549.1.1.4',
};

export function ecKey(namedCurve = 'P-256'): KeyObject {
  return generateKeyPairSync('ec', { namedCurve }).privateKey;
}

export function rsaKey(modulusLength: number, publicExponent?: number): KeyObject {
  return generateKeyPairSync('rsa', { modulusLength, ...(publicExponent && { publicExponent }) }).privateKey;
}

export function unknownExtension(critical: boolean): Extension {
  const extnValue = new OctetString(Uint8Array.of(0x05, 0x00));
  return new Extension({ extnID: '1.3.6.1.4.1.55555.1', critical, extnValue });
}

export function forge(forgery: Forgery): ClientCredentials {
  const { by, commonName = 'mail', uris = [], validity = validFor(1), key = ecKey() } = forgery;
  const pem = signCertificate({
    ...validity,
    serialNumber: randomSerialNumber(),
    subject: encodeDistinguishedName({ commonName }),
    issuer: encodedSubjectOf(by.certificate),
    publicKey: createPublicKey(key),
    extensions: clientExtensions({ uris: [...uris], dnsNames: [] }),
    signingKey: by.privateKey,
    signingAlgorithm: by.signingAlgorithm,
  });
  return {
    certificate: encodePem('CERTIFICATE', resign(new X509Certificate(pem), forgery)),
    certificateChain: forgery.chain ?? by.certificate.toString(),
    privateKey: key.export({ format: 'pem', type: 'pkcs8' }).toString(),
  };
}

/** Changes what `signCertificate` rightly refuses to sign. */
function resign({ raw }: X509Certificate, { by, serialNumber, weakHash, extensions }: Forgery): Buffer {
  const certificate = AsnConvert.parse(raw, Certificate);
  const { tbsCertificate } = certificate;
  if (serialNumber) tbsCertificate.serialNumber = new Uint8Array(serialNumber).buffer;
  if (extensions) {
    tbsCertificate.extensions = new Extensions([...extensions([...(tbsCertificate.extensions ?? [])])]);
  }
  if (weakHash) {
    const algorithm = WEAK_SIGNATURES[`${by.privateKey.asymmetricKeyType} ${weakHash}`];
    if (algorithm === undefined) throw new TypeError(`${by.privateKey.asymmetricKeyType} has no ${weakHash}`);
    tbsCertificate.signature = new AlgorithmIdentifier({
      algorithm,
      ...(by.privateKey.asymmetricKeyType === 'rsa' && { parameters: null }),
    });
  }
  const signed = Buffer.from(AsnConvert.serialize(tbsCertificate));
  const signatureValue = new Uint8Array(sign(weakHash ?? 'sha256', signed, by.privateKey)).buffer;
  const { signature: signatureAlgorithm } = tbsCertificate;
  return Buffer.from(AsnConvert.serialize(new Certificate({ tbsCertificate, signatureAlgorithm, signatureValue })));
}
