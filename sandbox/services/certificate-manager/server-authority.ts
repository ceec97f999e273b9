import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Clock } from '../../clock';
import { randomSerialNumber, signCertificate } from '../../x509/certificate';
import { encodeDistinguishedName } from '../../x509/names';
import { rootAuthorityExtensions, serverExtensions } from '../../x509/profiles';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/**
 * The validity of ACM certificates:
 * https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html
 */
const SERVER_VALIDITY = 395 * DAY;
const AUTHORITY_VALIDITY = 3_650 * DAY;

/** The credentials of a TLS server, in PEM. */
export interface ServerCertificate {
  /** Only the certificate, because clients have the certificate of the authority. */
  readonly certificateChain: string;
  readonly privateKey: string;
}

/**
 * Replaces the public authorities of ACM. Clients of the sandbox must trust it. Each sandbox creates a new authority,
 * whose key exists in memory only.
 */
export class ServerAuthority {
  /** PEM. */
  readonly certificate: string;
  private readonly key: KeyObject = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
  private readonly subject = encodeDistinguishedName({ commonName: 'Sandbox server authority' });

  constructor(private readonly clock: Clock) {
    this.certificate = signCertificate({
      ...this.validity(AUTHORITY_VALIDITY),
      serialNumber: randomSerialNumber(),
      subject: this.subject,
      issuer: this.subject,
      publicKey: createPublicKey(this.key),
      extensions: rootAuthorityExtensions(),
      signingKey: this.key,
      signingAlgorithm: 'SHA256WITHECDSA',
    });
  }

  /** @param names the first is the common name; all are subject alternative names */
  issue(names: readonly [string, ...string[]], privateKey: KeyObject): ServerCertificate {
    const certificateChain = signCertificate({
      ...this.validity(SERVER_VALIDITY),
      serialNumber: randomSerialNumber(),
      subject: encodeDistinguishedName({ commonName: names[0] }),
      issuer: this.subject,
      publicKey: createPublicKey(privateKey),
      extensions: serverExtensions({ uris: [], dnsNames: [...new Set(names)] }),
      signingKey: this.key,
      signingAlgorithm: 'SHA256WITHECDSA',
    });
    return { certificateChain, privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString() };
  }

  /** Starts at the real time, which clients of the gateway use, even if the sandbox's clock is ahead. */
  private validity(length: number): { notBefore: Date; notAfter: Date } {
    return { notBefore: new Date(Date.now() - HOUR), notAfter: new Date(this.clock.now().getTime() + length) };
  }
}
