import type { SigningAlgorithm } from '../pki/signature';

/** The names that KMS has for signature algorithms. https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html */
export const KMS_SIGNING_ALGORITHMS: Readonly<Record<SigningAlgorithm, string>> = {
  SHA256WITHECDSA: 'ECDSA_SHA_256',
  SHA384WITHECDSA: 'ECDSA_SHA_384',
  SHA512WITHECDSA: 'ECDSA_SHA_512',
  SHA256WITHRSA: 'RSASSA_PKCS1_V1_5_SHA_256',
  SHA384WITHRSA: 'RSASSA_PKCS1_V1_5_SHA_384',
  SHA512WITHRSA: 'RSASSA_PKCS1_V1_5_SHA_512',
};
