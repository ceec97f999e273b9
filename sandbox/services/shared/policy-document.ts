import { AwsError, type PolicyDocument } from '../../endpoint/api';
import type { Shape } from './shape';

/** The policy of a resource in a template: an object, or JSON text. */
export const policyDocument: Shape<PolicyDocument> = (value, path) => {
  const document = typeof value === 'string' ? parse(value, path) : value;
  if (typeof document !== 'object' || document === null || !('Statement' in document)) {
    throw new AwsError('MalformedPolicyDocumentException', `${path} must be a policy document with a Statement`);
  }
  return document as PolicyDocument;
};

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AwsError('MalformedPolicyDocumentException', `${path} must be a policy document in JSON`);
  }
}
