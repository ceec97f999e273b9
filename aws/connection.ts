import { defaultProvider } from './environment-credentials';
import type { sendHttpRequest } from './http-request';

/** How the signed caller reaches AWS: credentials, Region and endpoints. */
export interface AwsConnection {
  /** Region and credentials for the next call. */
  signer(): Promise<Signer>;
  /**
   * A configured endpoint of the service, without a slash at the end; undefined for the Region's own.
   * @param variable as in `AWS_ENDPOINT_URL_<variable>`
   */
  endpoint(variable: string): string | undefined;
  /** @default - over the network */
  readonly send?: typeof sendHttpRequest;
}

interface Signer {
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** The connection of a function, from the environment that Lambda provides. */
export function functionConnection(environment: NodeJS.ProcessEnv): AwsConnection {
  const credentials = defaultProvider();
  return {
    signer: async () => ({ region: environment['AWS_REGION'] ?? '', ...(await credentials()) }),
    endpoint: (variable) => configuredEndpoint(variable, environment),
  };
}

/** https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html */
export function configuredEndpoint(variable: string, environment: NodeJS.ProcessEnv): string | undefined {
  const endpoint = environment[`AWS_ENDPOINT_URL_${variable}`] || environment['AWS_ENDPOINT_URL'];
  return endpoint?.replace(/\/$/, '') || undefined;
}
