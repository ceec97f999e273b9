import type { CertificateIdentityKind } from '../mesh/external-identity';

/**
 * Which of a trust anchor's certificates are a client's. Whichever it is, it counts only together with the signature of an
 * authority of that anchor: the same name from another authority is somebody else's.
 */
export class ExternalIdentity {
  /**
   * Certificates whose only URI among the subject alternative names is this SPIFFE ID, such as
   * `spiffe://partner.example.com/billing`. It must be of another trust domain than the mesh's own.
   *
   * @see https://github.com/spiffe/spiffe/blob/main/standards/X509-SVID.md
   */
  static spiffeId(id: string): ExternalIdentity {
    return new ExternalIdentity('SPIFFE_ID', id);
  }

  /**
   * Certificates with exactly this subject, such as `CN=billing,OU=Payments,O=Partner\, Inc.,C=DE`: every part of it, in
   * this order, letters in this case.
   *
   * @param subject in the string form of RFC 4514, the most specific part first, with attributes named as OpenSSL names
   * them: what `openssl x509 -noout -subject -nameopt RFC2253` prints after `subject=`. An attribute that this prints in
   * hexadecimal, after `#`, can't be compared; recognize such a certificate by something else.
   * @see https://www.rfc-editor.org/rfc/rfc4514
   */
  static subject(subject: string): ExternalIdentity {
    return new ExternalIdentity('SUBJECT', subject);
  }

  /**
   * One certificate and no other; the next one is another identity.
   *
   * @param sha256 of the certificate in DER: 32 hexadecimal pairs separated by colons, as
   * `openssl x509 -noout -fingerprint -sha256` prints them.
   */
  static fingerprint(sha256: string): ExternalIdentity {
    return new ExternalIdentity('FINGERPRINT', sha256);
  }

  private constructor(
    /** @internal */
    readonly _kind: CertificateIdentityKind,
    /** @internal */
    readonly _value: string,
  ) {}
}
