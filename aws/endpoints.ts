/** Where the environment says that a service is, as the SDKs read it: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html */
export function configuredEndpoint(service: string, environment: NodeJS.ProcessEnv): string | undefined {
  return environment[`AWS_ENDPOINT_URL_${service}`] || environment['AWS_ENDPOINT_URL'] || undefined;
}

/** Such as `dynamodb.eu-central-1.amazonaws.com`. */
export function regionalHost(service: string, region: string): string {
  return `${service}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}
