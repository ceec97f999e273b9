import { AwsCallError } from '../../../../aws/aws-error';
import { findLogGroups, type MeshLogsOptions } from '../../../../bin/console/traffic/mesh-logs';
import { TRUST_DOMAIN_VARIABLE } from '../../../../mesh/contract';

const signal = new AbortController().signal;
const FUNCTIONS = 'arn:aws:lambda:us-east-1:123456789012:function';

/** A mesh as API Gateway and Lambda describe it. */
function options(changed: Partial<MeshLogsOptions['gateway']> = {}, logGroup?: string): MeshLogsOptions {
  return {
    trustDomain: 'mesh.example.com',
    domainName: 'api.example.com',
    gateway: {
      mappings: async () => [
        { apiId: 'rest', stage: 'prod', key: 'reports' },
        { apiId: 'http', stage: '$default', key: '' },
      ],
      accessLogDestination: async (apiId, stage) =>
        `arn:aws:logs:us-east-1:123456789012:log-group:access-${apiId}-${stage}:*`,
      authorizerFunctions: async () => [`${FUNCTIONS}:other`, `${FUNCTIONS}:authorizer`],
      ...changed,
    },
    functions: {
      configuration: async (functionArn) => ({
        variables: functionArn.endsWith(':authorizer') ? { [TRUST_DOMAIN_VARIABLE]: 'mesh.example.com' } : {},
        logGroup,
      }),
    },
  };
}

test('the log groups are those of the API at the root, and of the authorizer of the trust domain', async () => {
  await expect(findLogGroups(options({}, 'authorizer-log'), signal)).resolves.toEqual({
    accessLog: 'access-http-$default',
    authorizerLog: 'authorizer-log',
    otherPaths: ['/reports'],
  });
});

test('a function without a log group of its own has that of Lambda, and an API may have none', async () => {
  await expect(findLogGroups(options({ accessLogDestination: async () => undefined }), signal)).resolves.toMatchObject({
    accessLog: undefined,
    authorizerLog: '/aws/lambda/authorizer',
  });
});

test.each([
  [
    'that API Gateway does not know',
    {
      mappings: () => Promise.reject(new AwsCallError('apigateway:GetApiMappings', 'NotFoundException', 'no')),
    },
    'API Gateway has no domain api.example.com in this account and Region: specify the domain of the mesh with --domain',
  ],
  ['without an API', { mappings: async () => [] }, 'no API answers at the root of the domain api.example.com'],
  [
    'of another mesh',
    { authorizerFunctions: async () => [`${FUNCTIONS}:other`] },
    'the API at api.example.com has no authorizer of the mesh mesh.example.com: check --domain',
  ],
])('a domain %s is an error with what to do', async (_, gateway, message) => {
  await expect(findLogGroups(options(gateway), signal)).rejects.toThrow(message);
});

test('a call that is not allowed is an error with its name', async () => {
  const denied = new AwsCallError('apigateway:GetApiMappings', 'AccessDeniedException', 'not authorized');
  await expect(findLogGroups(options({ mappings: () => Promise.reject(denied) }), signal)).rejects.toBe(denied);
});
