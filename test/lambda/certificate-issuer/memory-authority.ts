import type { RevocationReason } from '../../../mesh/contract';
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { CertificateRequest, IssuedCertificate } from '../../../aws/acm-pca';
import type { AcmPcaBackendOptions } from '../../../lambda/certificate-issuer/authority/acm-pca-backend';

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const HOUR = 3_600_000;

type AcmPcaInUse = AcmPcaBackendOptions['acmPca'];

/** An authority that works like ACM PCA, out of other people's X.509 code. */
export class MemoryAuthority implements Pick<AcmPcaInUse, keyof AcmPcaInUse> {
  readonly requests: CertificateRequest[] = [];
  /** How often a certificate is "still being issued" before it is there. */
  looksBeforeIssued = 1;
  looks = 0;
  now = () => Date.now();
  /** By serial number. */
  readonly revoked = new Map<string, RevocationReason>();
  private readonly certificates = new Map<string, string>();
  private readonly arnByToken = new Map<string, string>();

  private constructor(
    private readonly keys: webcrypto.CryptoKeyPair,
    readonly root: x509.X509Certificate,
  ) {}

  static async create(): Promise<MemoryAuthority> {
    x509.cryptoProvider.set(webcrypto);
    const keys = await webcrypto.subtle.generateKey(EC, true, ['sign', 'verify']);
    const root = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: '01',
      name: 'CN=Test Root',
      notBefore: new Date(Date.now() - HOUR),
      notAfter: new Date(Date.now() + 1000 * HOUR),
      keys,
      signingAlgorithm: EC,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      ],
    });
    return new MemoryAuthority(keys, root);
  }

  /** Replaced by tests that need an authority to err. */
  names(request: CertificateRequest): x509.JsonGeneralNames {
    return [
      { type: 'url', value: request.spiffeId },
      ...request.dnsNames.map((value) => ({ type: 'dns' as const, value })),
    ];
  }

  async issueCertificate(request: CertificateRequest): Promise<string> {
    this.requests.push(request);
    const known = this.arnByToken.get(request.idempotencyToken);
    if (known !== undefined) return known;
    const csr = new x509.Pkcs10CertificateRequest(request.certificateSigningRequest);
    if (!(await csr.verify())) throw new Error('MalformedCSRException');
    const days = request.validity.type === 'DAYS';
    const notAfter = new Date(days ? this.now() + request.validity.value * 24 * HOUR : request.validity.value * 1000);
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: `5a${(this.certificates.size + 1).toString(16).padStart(30, '0')}`,
      subject: `CN=${request.commonName}`,
      issuer: this.root.subject,
      notBefore: new Date(this.now() - HOUR),
      notAfter,
      signingKey: this.keys.privateKey,
      publicKey: csr.publicKey,
      signingAlgorithm: EC,
      extensions: [
        new x509.BasicConstraintsExtension(false),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
        new x509.SubjectAlternativeNameExtension(this.names(request)),
      ],
    });
    const arn = `${request.certificateAuthorityArn}/certificate/${this.certificates.size + 1}`;
    this.certificates.set(arn, certificate.toString('pem'));
    this.arnByToken.set(request.idempotencyToken, arn);
    return arn;
  }

  async getCertificate(_authority: string, certificateArn: string): Promise<IssuedCertificate | undefined> {
    if (this.looks++ < this.looksBeforeIssued) return undefined;
    const certificate = this.certificates.get(certificateArn);
    if (certificate === undefined) throw new Error('ResourceNotFoundException');
    return { certificate, certificateChain: this.root.toString('pem') };
  }

  async revokeCertificate(_authority: string, serialNumber: string, reason: RevocationReason): Promise<void> {
    if (!this.revoked.has(serialNumber)) this.revoked.set(serialNumber, reason);
  }
}
