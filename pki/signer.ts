import { createHash, type KeyObject } from 'node:crypto';
import { der, Tag } from './der';
import {
  SIGNATURE_SCHEMES,
  type SigningAlgorithm,
  signatureAlgorithmIdentifier,
  signatureSuits,
  verifyBytes,
} from './signature';

/** A key that signs, wherever it is. */
export interface Signer {
  readonly publicKey: KeyObject;
  /** Of the same family as the key. */
  readonly signingAlgorithm: SigningAlgorithm;
  /**
   * Signs a digest made with the algorithm's hash.
   * @returns DER of ECDSA-Sig-Value (RFC 3279, section 2.2.3), or a PKCS #1 v1.5 signature of RSA
   */
  sign(digest: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
}

/** The signer returned something else than a signature of the digest by its key. */
export class SignatureError extends Error {
  override readonly name = 'SignatureError';
}

/**
 * DER of a signed certificate or revocation list: the content, the algorithm, and the signature (RFC 5280, sections 4.1 and 5.1).
 * Errors of the signer pass through.
 *
 * @param content DER of TBSCertificate or TBSCertList, which names the signer's algorithm
 * @throws SignatureError if the signature doesn't verify with the signer's public key
 */
export async function signContent(content: Uint8Array, signer: Signer, signal: AbortSignal): Promise<Buffer> {
  const { publicKey, signingAlgorithm } = signer;
  if (!signatureSuits(signingAlgorithm, publicKey)) {
    throw new SignatureError(`a key of type ${publicKey.asymmetricKeyType} cannot sign with ${signingAlgorithm}`);
  }
  const digest = createHash(SIGNATURE_SCHEMES[signingAlgorithm].hash).update(content).digest();
  const signature = await signer.sign(digest, signal);
  assertSignature(content, signature, signer);
  return der(
    Tag.sequence,
    content,
    signatureAlgorithmIdentifier(signingAlgorithm),
    der(Tag.bitString, Buffer.of(0), signature),
  );
}

function assertSignature(content: Uint8Array, signature: Uint8Array, { publicKey, signingAlgorithm }: Signer): void {
  const message = "the signature does not verify with the signer's public key";
  let verifies: boolean;
  try {
    verifies = verifyBytes(signingAlgorithm, content, publicKey, signature);
  } catch (cause) {
    throw new SignatureError(message, { cause });
  }
  if (!verifies) throw new SignatureError(message);
}
