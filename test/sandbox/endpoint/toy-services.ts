import type { AwsApi } from '../../../sandbox/endpoint/api';
import { AwsError } from '../../../sandbox/endpoint/api';
import { jsonApi } from '../../../sandbox/endpoint/json-protocol';

export const TOY_SECRET = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:toy-AbCdEf';

/** Secrets Manager with one secret that is its caller's own input. */
export const toySecretsManager: AwsApi = jsonApi({
  signingName: 'secretsmanager',
  targetPrefix: 'secretsmanager',
  version: '1.1',
  operations: {
    GetSecretValue(input, call) {
      call.authorize('secretsmanager:GetSecretValue', TOY_SECRET);
      if (input.SecretId === 'missing') throw new AwsError('ResourceNotFoundException', 'there is no such secret');
      return { ARN: TOY_SECRET, SecretString: String(input.SecretId) };
    },
    async DeleteSecret() {
      throw new TypeError('a fault of the sandbox');
    },
    async TagResource() {
      return undefined;
    },
  },
});

/** S3 that answers every GET with its path and query. */
export const toyS3: AwsApi = {
  signingName: 's3',
  describe: ({ method, path }) => ({ operation: `${method === 'PUT' ? 'Put' : 'Get'}Object`, input: { Key: path } }),
  async handle(call) {
    call.authorize('s3:GetObject', 'arn:aws:s3:::bucket/key');
    return { status: 200, body: JSON.stringify({ path: call.path, body: call.body.toString('utf8') }) };
  },
};
