import type { ResourceType } from '../../cloudformation/resource-type';
import { AwsError } from '../../endpoint/api';
import { type Shape, string } from '../shared/shape';
import type { Throttle } from './state';

/**
 * Requests a second, and at once, in most Regions.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
 */
const ACCOUNT_RATE_LIMIT = 10_000;
const ACCOUNT_BURST_LIMIT = 5_000;

/** The properties of a resource type. A change of a property in `createOnly` replaces the resource. */
export function mutability(
  members: Readonly<Record<string, Shape<unknown>>>,
  createOnly: readonly string[],
): ResourceType['properties'] {
  const entries = Object.keys(members).map((name) => [name, createOnly.includes(name) ? 'createOnly' : 'mutable']);
  return Object.fromEntries(entries);
}

/** A number of 0 or more, or its text, because CloudFormation passes both. */
export const rate: Shape<number> = (value, path) => {
  const given = typeof value === 'string' && /^\d{1,16}(\.\d{1,16})?$/.test(value) ? Number(value) : value;
  if (typeof given === 'number' && given >= 0 && Number.isFinite(given)) return given;
  throw invalid(`Invalid value for ${path}: ${JSON.stringify(value)}`);
};

/** Texts by name. */
export const texts: Shape<Readonly<Record<string, string>>> = (value, path) => {
  const entries = Object.entries(Object(value)).map(([name, text]) => [name, string()(text, `${path}.${name}`)]);
  return Object.fromEntries(entries);
};

/** A missing limit is that of the account. Undefined if both are missing. */
export function throttleOf({
  ThrottlingRateLimit: rateLimit,
  ThrottlingBurstLimit: burstLimit,
}: {
  readonly ThrottlingRateLimit?: number | undefined;
  readonly ThrottlingBurstLimit?: number | undefined;
}): Throttle | undefined {
  if (rateLimit === undefined && burstLimit === undefined) return undefined;
  return { rateLimit: rateLimit ?? ACCOUNT_RATE_LIMIT, burstLimit: burstLimit ?? ACCOUNT_BURST_LIMIT };
}

/** The origin and the rest of an HTTP or HTTPS URL. The rest may have path variables. */
export function parseUrl(uri: string): { origin: URL; pathTemplate: string } {
  const [, origin, pathTemplate = ''] = /^(https?:\/\/[^/?#{}\s]+)([^\s#]*)$/.exec(uri) ?? [];
  if (!origin || !URL.canParse(origin)) throw invalid(`Invalid HTTP endpoint specified for URI: ${uri}`);
  return { origin: new URL(origin), pathTemplate };
}

/** The setting is valid on AWS but not supported by the sandbox. */
export class UnsupportedSetting extends Error {
  override readonly name = 'UnsupportedSetting';

  constructor(setting: string) {
    super(`the sandbox does not support ${setting}`);
  }
}

export function invalid(message: string): AwsError {
  return new AwsError('BadRequestException', message);
}
