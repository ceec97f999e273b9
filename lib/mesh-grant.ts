import type { HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';

/** What a client may call of a service. */
export interface MeshGrantOptions {
  /**
   * The methods, which are compared as they are written: `GET` doesn't include `HEAD`. `TRACE` and `CONNECT` are never granted.
   *
   * Some frameworks replace the method of a request by the headers `x-http-method-override`, `x-http-method`, or
   * `x-method-override`, or by the query parameter `_method`. Such a request needs a grant for both methods. The authorizer
   * doesn't see fields of a form.
   *
   * @default - all methods
   */
  readonly methods?: HttpMethod[];

  /**
   * The path within the service, as API Gateway writes paths: `/events`, `/events/{id}` for exactly one more segment,
   * `/files/{proxy+}` for everything below `/files`, and `/` for the service's own path. A path with a slash at its end is
   * another path than the one without.
   *
   * @default - the whole service
   */
  readonly path?: string;
}
