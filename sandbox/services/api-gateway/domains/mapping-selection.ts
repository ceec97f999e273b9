import { AwsError } from '../../../endpoint/api';

const MAX_KEY_LENGTH = 300;

/**
 * The segments of an `ApiMappingKey`. Empty for an empty key.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mappings.html#http-api-mappings-restrictions
 */
export function parseMappingKey(key: string): readonly string[] {
  if (key === '') return [];
  if (key.length > MAX_KEY_LENGTH) {
    throw new AwsError('BadRequestException', `An ApiMapping key may have at most ${MAX_KEY_LENGTH} characters`);
  }
  const segments = key.split('/');
  if (!/^[A-Za-z0-9$_.+!*'()/-]+$/.test(key) || segments.includes('')) {
    throw new AwsError(
      'BadRequestException',
      "An ApiMapping key may contain only letters, numbers and one of $-_.+!*'()/ and no empty part",
    );
  }
  return segments;
}

/**
 * The mapping with the longest key that the path starts with, compared by segments.
 * @param segments those of the path as it was sent, each decoded
 */
export function selectMapping<M extends { readonly key: readonly string[] }>(
  mappings: Iterable<M>,
  segments: readonly string[],
): M | undefined {
  let best: M | undefined;
  for (const mapping of mappings) {
    const begins = mapping.key.every((segment, index) => segment === segments[index]);
    if (begins && (!best || mapping.key.length > best.key.length)) best = mapping;
  }
  return best;
}
