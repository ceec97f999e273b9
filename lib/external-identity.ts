/** What a certificate is recognized by. */
export enum ExternalIdentityKind {
  /** The SPIFFE ID in the subject alternative name. */
  SPIFFE_ID = 'SPIFFE_ID',
  /** The distinguished name of the subject. */
  SUBJECT = 'SUBJECT',
  /** The SHA-256 fingerprint of the certificate. */
  FINGERPRINT = 'FINGERPRINT',
}

/**
 * Identifies the certificates of an external client among those of its trust anchor. An identity is valid only together
 * with the signature of an authority of that trust anchor: the same name from another authority is another client.
 */
export class ExternalIdentity {
  /**
   * Certificates whose only URI subject alternative name is this SPIFFE ID, such as
   * `spiffe://partner.example.com/billing`. The SPIFFE ID must not be in the mesh's own trust domain.
   *
   * @see https://github.com/spiffe/spiffe/blob/main/standards/X509-SVID.md
   */
  static spiffeId(id: string): ExternalIdentity {
    return new ExternalIdentity(ExternalIdentityKind.SPIFFE_ID, id);
  }

  /**
   * Certificates with exactly this subject, such as `CN=billing,OU=Payments,O=Partner\, Inc.,C=DE`. All attributes must
   * match, in the same order and with the same letter case.
   *
   * @param subject in the string form of RFC 4514, the most specific attribute first, with the attribute names of OpenSSL:
   * what `openssl x509 -noout -subject -nameopt RFC2253` prints after `subject=`. Synthesis refuses other names of the
   * attributes, such as `2.5.4.97` for `organizationIdentifier`. You can't use an attribute that OpenSSL prints in
   * hexadecimal, after `#`. Identify such a certificate by something else.
   * @see https://www.rfc-editor.org/rfc/rfc4514
   */
  static subject(subject: string): ExternalIdentity {
    return new ExternalIdentity(ExternalIdentityKind.SUBJECT, subject);
  }

  /**
   * Exactly one certificate. The certificate that replaces it has another fingerprint, and so is another identity.
   *
   * @param sha256 the fingerprint of the DER-encoded certificate: 32 hexadecimal pairs separated by colons, as
   * `openssl x509 -noout -fingerprint -sha256` prints it
   */
  static fingerprint(sha256: string): ExternalIdentity {
    return new ExternalIdentity(ExternalIdentityKind.FINGERPRINT, sha256);
  }

  private constructor(
    /** What the certificates are recognized by. */
    readonly kind: ExternalIdentityKind,
    /** The SPIFFE ID, subject, or fingerprint. */
    readonly value: string,
  ) {}
}
