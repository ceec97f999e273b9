/** The environment has no credentials. */
class CredentialsError extends Error {
  override readonly name = 'CredentialsError';
}

/**
 * The credentials that Lambda gives to every function.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
 *
 * The name and shape match `defaultProvider` of `@aws-sdk/credential-provider-node`, which the functions' bundles replace
 * with this file: profiles, single sign-on, STS and instance metadata would double the functions' start-up time.
 */
export function defaultProvider() {
  return async () => {
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
    if (AWS_ACCESS_KEY_ID === undefined || AWS_SECRET_ACCESS_KEY === undefined) {
      throw new CredentialsError('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be in the environment');
    }
    return {
      accessKeyId: AWS_ACCESS_KEY_ID,
      secretAccessKey: AWS_SECRET_ACCESS_KEY,
      sessionToken: AWS_SESSION_TOKEN,
    };
  };
}
