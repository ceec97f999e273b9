import { AwsError } from '../../endpoint/api';
import { type Shape, string } from '../shared/shape';

export const secretId = string({ min: 1, max: 2048 });
/** A version that doesn't exist is not found, whatever its length. */
export const versionId = string({ min: 1 });
/** The shape's own error would have another name than that of AWS. */
export const requestToken: Shape<string> = (value, path) => {
  const token = string()(value, path);
  if (token.length >= 32 && token.length <= 64) return token;
  throw new AwsError('InvalidParameterException', 'ClientRequestToken must be 32-64 characters long.');
};
export const stage = string({ min: 1, max: 256 });
