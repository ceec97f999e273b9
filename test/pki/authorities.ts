import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { KeyAlgorithm } from '../../pki/keys';
import { generatePrivateKey } from '../../pki/keys';
import type { SigningAlgorithm } from '../../pki/signature';
import { encodedSubjectOf, randomSerialNumber, signCertificate } from '../../sandbox/x509/certificate';
import { encodeDistinguishedName } from '../../sandbox/x509/names';
import {
  clientExtensions,
  rootAuthorityExtensions,
  serverExtensions,
  subordinateAuthorityExtensions,
} from '../../sandbox/x509/profiles';

export interface Authority {
  readonly pem: string;
  readonly certificate: X509Certificate;
  readonly privateKey: KeyObject;
  readonly signingAlgorithm: SigningAlgorithm;
}

export interface EndEntity {
  readonly pem: string;
  readonly certificate: X509Certificate;
  readonly privateKey: KeyObject;
}

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export function days(count: number): number {
  return count * 24 * 3600 * 1000;
}

/** From an hour ago until `count` days from now. */
export function validFor(count: number): Validity {
  return { notBefore: new Date(Date.now() - 3600_000), notAfter: new Date(Date.now() + days(count)) };
}

export interface AuthorityOptions {
  readonly keyAlgorithm?: KeyAlgorithm;
  readonly validity?: Validity;
  readonly pathLength?: number;
  /** @default - a new one of the algorithm */
  readonly privateKey?: KeyObject;
}

export async function createRoot(commonName: string, options: AuthorityOptions = {}): Promise<Authority> {
  const { keyAlgorithm = 'EC_prime256v1', validity = validFor(3650) } = options;
  const privateKey = options.privateKey ?? (await generatePrivateKey(keyAlgorithm));
  const signingAlgorithm = signingAlgorithmOf(keyAlgorithm);
  const subject = encodeDistinguishedName({ organization: 'Example', commonName });
  const pem = signCertificate({
    ...validity,
    serialNumber: randomSerialNumber(),
    subject,
    issuer: subject,
    publicKey: createPublicKey(privateKey),
    extensions: rootAuthorityExtensions(),
    signingKey: privateKey,
    signingAlgorithm,
  });
  return { pem, certificate: new X509Certificate(pem), privateKey, signingAlgorithm };
}

export async function createSubordinate(
  parent: Authority,
  commonName: string,
  options: AuthorityOptions = {},
): Promise<Authority> {
  const { keyAlgorithm = 'EC_prime256v1', validity = validFor(365), pathLength = 0 } = options;
  const privateKey = options.privateKey ?? (await generatePrivateKey(keyAlgorithm));
  const pem = signCertificate({
    ...validity,
    serialNumber: randomSerialNumber(),
    subject: encodeDistinguishedName({ organization: 'Example', commonName }),
    issuer: encodedSubjectOf(parent.certificate),
    publicKey: createPublicKey(privateKey),
    extensions: subordinateAuthorityExtensions(pathLength),
    signingKey: parent.privateKey,
    signingAlgorithm: parent.signingAlgorithm,
  });
  return {
    pem,
    certificate: new X509Certificate(pem),
    privateKey,
    signingAlgorithm: signingAlgorithmOf(keyAlgorithm),
  };
}

export interface ClientOptions {
  readonly keyAlgorithm?: KeyAlgorithm;
  readonly validity?: Validity;
  readonly uris?: readonly string[];
  readonly dnsNames?: readonly string[];
  /** @default - a new one of the algorithm */
  readonly privateKey?: KeyObject;
}

/** A client certificate of `spiffe://example.com/<name>`, unless other URIs are given. */
export async function createClient(issuer: Authority, name: string, options: ClientOptions = {}): Promise<EndEntity> {
  const { uris = [`spiffe://example.com/${name}`], dnsNames = [] } = options;
  return createEndEntity(issuer, name, clientExtensions({ uris, dnsNames }), options);
}

export async function createServer(
  issuer: Authority,
  dnsName: string,
  options: Pick<ClientOptions, 'keyAlgorithm' | 'validity'> = {},
): Promise<EndEntity> {
  return createEndEntity(issuer, dnsName, serverExtensions({ uris: [], dnsNames: [dnsName] }), options);
}

/** A certificate without any extension that says what it is for: no authority's, and no key usage that forbids to sign. */
export async function createPlain(
  issuer: Authority,
  commonName: string | undefined,
  privateKey: KeyObject,
): Promise<EndEntity> {
  return createEndEntity(issuer, commonName, [], { privateKey, organization: commonName && 'Example' });
}

async function createEndEntity(
  issuer: Authority,
  commonName: string | undefined,
  extensions: ReturnType<typeof clientExtensions>,
  options: ClientOptions & { readonly organization?: string },
): Promise<EndEntity> {
  const { keyAlgorithm = 'EC_prime256v1', validity = validFor(7), organization } = options;
  const privateKey = options.privateKey ?? (await generatePrivateKey(keyAlgorithm));
  const pem = signCertificate({
    ...validity,
    serialNumber: randomSerialNumber(),
    subject: encodeDistinguishedName({ commonName, organization }),
    issuer: encodedSubjectOf(issuer.certificate),
    publicKey: createPublicKey(privateKey),
    extensions,
    signingKey: issuer.privateKey,
    signingAlgorithm: issuer.signingAlgorithm,
  });
  return { pem, certificate: new X509Certificate(pem), privateKey };
}

function signingAlgorithmOf(keyAlgorithm: KeyAlgorithm): SigningAlgorithm {
  return keyAlgorithm.startsWith('RSA') ? 'SHA256WITHRSA' : 'SHA256WITHECDSA';
}
