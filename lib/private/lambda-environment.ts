import { Token } from 'aws-cdk-lib';

export type Environment = Readonly<Record<string, string>>;

/** Bytes, as JSON. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const LARGEST_ENVIRONMENT = 4_096;

/** What a value counts that synthesis doesn't know. A bucket has a name of at most 63 characters. */
const UNKNOWN_VALUE = ' '.repeat(64);

/** How many bytes Lambda's limit leaves for more text in a variable of a function with these variables. */
export function roomInEnvironment(environment: Environment): number {
  const known = Object.entries(environment).map(([name, value]) => [
    name,
    Token.isUnresolved(value) ? UNKNOWN_VALUE : value,
  ]);
  return LARGEST_ENVIRONMENT - Buffer.byteLength(JSON.stringify(Object.fromEntries(known)));
}
