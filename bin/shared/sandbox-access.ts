import type { Sandbox } from 'cdk-mtls-service-mesh/sandbox';

/** The settings with which an SDK client reaches the sandbox, regardless of this process's environment. */
export function sandboxAccess(sandbox: Sandbox) {
  const { AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '', AWS_REGION } = sandbox.environment();
  const credentials = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY };
  return { endpoint: AWS_ENDPOINT_URL, region: AWS_REGION, credentials };
}
