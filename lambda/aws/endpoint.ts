/**
 * Where a service answers in the function's Region, unless an environment variable names another place:
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 *
 * @param variable the end of `AWS_ENDPOINT_URL_<variable>`
 */
export function endpointUrl(service: string, variable: string, environment: NodeJS.ProcessEnv): string {
  const region = environment['AWS_REGION'] ?? '';
  return (
    environment[`AWS_ENDPOINT_URL_${variable}`] ||
    environment['AWS_ENDPOINT_URL'] ||
    `https://${service}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`
  );
}
