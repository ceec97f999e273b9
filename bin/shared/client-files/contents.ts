import { createHash, createPrivateKey, type X509Certificate } from 'node:crypto';
import type { ClientSecret } from '../../../mesh/client-secret';
import { encodeJavaTruststore } from '../../../pki/jks';
import { privateKeyPem } from '../../../pki/keys';
import { encodePem, readCertificate, readCertificates } from '../../../pki/pem';
import { encodeKeyStore, encodeTruststore } from '../../../pki/pkcs12';

/** The names of a client's files in its directory. */
export const CLIENT_FILES = {
  /** The client's certificate. */
  certificate: 'certificate.pem',
  /** The authorities above it, the issuing one first. */
  chain: 'chain.pem',
  /** The certificate and the authorities. */
  fullChain: 'fullchain.pem',
  /** PKCS#8. */
  privateKey: 'private-key.pem',
  /** The key, the certificate, and the authorities. */
  bundle: 'bundle.pem',
  /** The authorities that servers must trust to admit the clients of the mesh. */
  clientAuthorities: 'client-ca.pem',
  /** The revocation lists of these authorities. */
  revocationLists: 'crl.pem',
  /** The key, the certificate, and the authorities as PKCS#12. */
  keyStore: 'keystore.p12',
  /** `client-ca.pem` as PKCS#12. */
  truststore: 'truststore.p12',
  /** `client-ca.pem` in Java's own format. */
  javaTruststore: 'truststore.jks',
} as const;

/** `pem` for most programs, `p12` for Java, browsers, and Windows. */
export const FILE_FORMATS = ['pem', 'p12'] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

export const TRUSTSTORE_FORMATS = ['p12', 'jks'] as const;
export type TruststoreFormat = (typeof TRUSTSTORE_FORMATS)[number];

/** What to write for a client. */
export interface FileSelection {
  readonly formats: readonly FileFormat[];
  /** With `p12`, also the authorities that servers must trust. Absent for none. */
  readonly truststore?: TruststoreFormat | undefined;
  /** Of the stores. Required for them. */
  readonly password?: string | undefined;
}

/** What servers verify the clients of the mesh with. */
export interface ServerTrust {
  /**
   * PEM of `client-ca.pem`.
   * @default - the authorities of the client's own certificate, which have issued those of the other clients too, unless an
   * authority is being replaced
   */
  readonly clientAuthorities?: string | undefined;
  /** PEM of `crl.pem`. @default - no such file */
  readonly revocationLists?: string | undefined;
}

export interface ClientFile {
  readonly name: string;
  readonly contents: string | Buffer;
  /** Whether it contains the private key. */
  readonly isPrivate: boolean;
}

/** The names of the files that `clientFiles` returns. */
export function clientFileNames(
  { formats, truststore }: FileSelection,
  hasRevocationLists: boolean,
): readonly string[] {
  const { revocationLists, keyStore, truststore: trust, javaTruststore, ...pem } = CLIENT_FILES;
  return [
    ...(hasRevocationLists ? [revocationLists] : []),
    ...(formats.includes('pem') ? Object.values(pem) : []),
    ...(formats.includes('p12') ? [keyStore] : []),
    ...(truststore === 'p12' ? [trust] : []),
    ...(truststore === 'jks' ? [javaTruststore] : []),
  ];
}

/**
 * The files of a client, the key before the certificate: a program that looks at the directory in between finds the new key
 * with the old certificate, and when the certificate arrives, both. Nothing but the PEM blocks is written of the texts.
 *
 * @throws StorePasswordError
 */
export function clientFiles(
  secret: ClientSecret,
  { clientAuthorities = secret.certificateChain, revocationLists }: ServerTrust,
  { formats, truststore, password = '' }: FileSelection,
): readonly ClientFile[] {
  const files: ClientFile[] = [];
  const add = (name: string, contents: string | Buffer, isPrivate = false) => files.push({ name, contents, isPrivate });
  const privateKey = createPrivateKey(secret.privateKey);
  const certificate = readCertificate(secret.certificate);
  const authorities = readCertificates(secret.certificateChain);
  const trusted = readCertificates(clientAuthorities);
  // Before the authorities, because a server refuses the clients of an authority without a list.
  if (revocationLists !== undefined) add(CLIENT_FILES.revocationLists, revocationLists);
  if (formats.includes('pem')) {
    const key = privateKeyPem(privateKey);
    add(CLIENT_FILES.privateKey, key, true);
    add(CLIENT_FILES.chain, toPem(...authorities));
    add(CLIENT_FILES.clientAuthorities, toPem(...trusted));
    add(CLIENT_FILES.fullChain, toPem(certificate, ...authorities));
    add(CLIENT_FILES.certificate, toPem(certificate));
    add(CLIENT_FILES.bundle, key + toPem(certificate, ...authorities), true);
  }
  if (formats.includes('p12')) {
    const entry = { name: secret.clientName, privateKey, certificate, authorities };
    add(CLIENT_FILES.keyStore, encodeKeyStore(entry, password), true);
  }
  if (truststore === 'p12') add(CLIENT_FILES.truststore, encodeTruststore('client-ca', trusted, password));
  if (truststore === 'jks') add(CLIENT_FILES.javaTruststore, encodeJavaTruststore('client-ca', trusted, password));
  return files;
}

/** The same for the same files. A store has other octets each time, so the files themselves can't be compared. */
export function generationId(secret: ClientSecret, trust: ServerTrust, selection: FileSelection): string {
  const { certificate, certificateChain, privateKey } = secret;
  const { clientAuthorities = certificateChain, revocationLists } = trust;
  const { formats, truststore, password } = selection;
  const parts = [certificate, certificateChain, privateKey, clientAuthorities, formats, truststore, password];
  const lists = revocationLists === undefined ? [] : [revocationLists];
  return createHash('sha256')
    .update(JSON.stringify([...parts, ...lists]))
    .digest('hex');
}

function toPem(...certificates: readonly X509Certificate[]): string {
  return certificates.map(({ raw }) => encodePem('CERTIFICATE', raw)).join('');
}
