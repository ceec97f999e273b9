import type { KeyObject } from 'node:crypto';
import { AwsError } from '../../../endpoint/api';
import { type KeyAlgorithm, SIGNING_ALGORITHMS, type SigningAlgorithm, signatureSuits } from '../../../x509/algorithms';

/** @throws AwsError `InvalidArgsException` if the algorithm and the key are of different families */
export function assertSigns(algorithm: SigningAlgorithm, key: KeyObject, keyAlgorithm: KeyAlgorithm): void {
  if (signatureSuits(algorithm, key)) return;
  const suitable = SIGNING_ALGORITHMS.filter((candidate) => signatureSuits(candidate, key)).join(', ');
  const reason = `Signing algorithm ${algorithm} cannot be used with key type ${keyAlgorithm}. Valid signing algorithms are: ${suitable}.`;
  throw new AwsError('InvalidArgsException', reason);
}
