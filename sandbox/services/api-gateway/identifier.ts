import { randomText } from '../shared/random-text';

/** An identifier in the form of API Gateway. */
export function newIdentifier(length: number): string {
  return randomText(length, 'abcdefghijklmnopqrstuvwxyz0123456789');
}
