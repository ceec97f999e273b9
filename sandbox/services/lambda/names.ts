import { type Account, regionalArn } from '../../account';

/** The version that isn't published. */
export const LATEST = '$LATEST';

/** The name of the function itself for its `$LATEST` version. */
export function keyOf(name: string, version: string): string {
  return version === LATEST ? name : `${name}:${version}`;
}

/** @param name `name`, or `name:qualifier` */
export function functionArn(account: Account, name: string): string {
  return regionalArn(account, 'lambda', `function:${name}`);
}

/**
 * `name`, or `name:qualifier`, from the name of a function, its ARN, or the part of the ARN after the Region.
 * https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export function functionName(nameOrArn: string): string {
  const [name = '', qualifier = LATEST] = nameOrArn.replace(/^(.*:)?function:/, '').split(':');
  return keyOf(name, qualifier);
}
