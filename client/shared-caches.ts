import { lambdaExtension } from './lambda-extension';
import { SecretCache } from './secret-cache';
import { readerOf, type SecretReader, type SecretsManagerSender } from './secret-reader';

/** Held weakly, so that they go with the object that reads secrets. */
const caches = new WeakMap<SecretReader | SecretsManagerSender, Map<string, SecretCache>>();

/** The cache of this process for a secret. Those with another `maxAge`, in milliseconds, or another way are apart. */
export function sharedCache(
  secretId: string,
  secretsManager: SecretReader | SecretsManagerSender,
  maxAge: number,
  throughExtension: boolean,
): SecretCache {
  const known = caches.get(secretsManager) ?? new Map<string, SecretCache>();
  caches.set(secretsManager, known);
  const key = JSON.stringify([secretId, maxAge, throughExtension]);
  const nearby = throughExtension ? lambdaExtension : undefined;
  const cache = known.get(key) ?? new SecretCache(secretId, readerOf(secretsManager), maxAge, nearby);
  known.set(key, cache);
  return cache;
}
