import type { X509Certificate } from 'node:crypto';
import type { Kms } from '../../aws/kms';
import type { SigningAlgorithm } from '../../pki/signature';
import type { Signer } from '../../pki/signer';

/** A KMS key that signs for the authority with the certificate. */
export function kmsSigner(
  kms: Pick<Kms, 'sign'>,
  keyArn: string,
  signingAlgorithm: SigningAlgorithm,
  { publicKey }: Pick<X509Certificate, 'publicKey'>,
): Signer {
  return { publicKey, signingAlgorithm, sign: (digest, signal) => kms.sign(keyArn, signingAlgorithm, digest, signal) };
}
