/** Key algorithms of certificate authorities and client certificates. The values are ACM PCA's names. */
export enum KeyAlgorithm {
  /** ECDSA on NIST curve P-256: small, fast, and the default. */
  EC_PRIME256V1 = 'EC_prime256v1',
  /** ECDSA on NIST curve P-384. */
  EC_SECP384R1 = 'EC_secp384r1',
  /** RSA with 2048 bits, for programs that don't support elliptic curves. */
  RSA_2048 = 'RSA_2048',
  /** RSA with 3072 bits. */
  RSA_3072 = 'RSA_3072',
  /** RSA with 4096 bits. */
  RSA_4096 = 'RSA_4096',
}

/**
 * Signature algorithms of certificate authorities. The values are ACM PCA's names. The family (ECDSA or RSA) must match the
 * authority's own key.
 *
 * @see https://docs.aws.amazon.com/privateca/latest/APIReference/API_IssueCertificate.html
 */
export enum SigningAlgorithm {
  /** ECDSA over SHA-256. */
  SHA256WITHECDSA = 'SHA256WITHECDSA',
  /** ECDSA over SHA-384. */
  SHA384WITHECDSA = 'SHA384WITHECDSA',
  /** ECDSA over SHA-512. */
  SHA512WITHECDSA = 'SHA512WITHECDSA',
  /** RSA over SHA-256. */
  SHA256WITHRSA = 'SHA256WITHRSA',
  /** RSA over SHA-384. */
  SHA384WITHRSA = 'SHA384WITHRSA',
  /** RSA over SHA-512. */
  SHA512WITHRSA = 'SHA512WITHRSA',
}
