import { Duration } from 'aws-cdk-lib';
import type {
  CfnAuthorizer,
  HttpApi,
  HttpAuthorizer,
  HttpRouteAuthorizerBindOptions,
  HttpRouteAuthorizerConfig,
  IHttpRoute,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaAuthorizer, HttpLambdaResponseType } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';

/**
 * An authorizer without identity source and without a cache, with simple responses. With a cache, API Gateway would reuse
 * one client's decision for another.
 *
 * The CDK writes an empty list for no identity source. API Gateway is known to accept an absent one if the cache is off:
 * https://github.com/hashicorp/terraform-provider-aws/issues/32629
 */
export class SourcelessAuthorizer extends HttpLambdaAuthorizer {
  constructor(
    private readonly constructId: string,
    handler: IFunction,
  ) {
    super(constructId, handler, {
      identitySource: [],
      resultsCacheTtl: Duration.seconds(0),
      responseTypes: [HttpLambdaResponseType.SIMPLE],
    });
  }

  /** Adds the authorizer to the API, unless a route has done so. @returns its ID */
  addTo(api: HttpApi): string {
    // Of the route, only its API and its stack count: the API stands in for it.
    const route: IHttpRoute = Object.create(api, { httpApi: { value: api } });
    const { authorizerId } = this.bind({ scope: api, route });
    if (authorizerId === undefined) throw new Error(`${api.node.path}: the authorizer must have an ID`);
    return authorizerId;
  }

  override bind(options: HttpRouteAuthorizerBindOptions): HttpRouteAuthorizerConfig {
    const config = super.bind(options);
    const authorizer = options.scope.node.tryFindChild(this.constructId) as HttpAuthorizer | undefined;
    // Only the first route creates the authorizer.
    (authorizer?.node.defaultChild as CfnAuthorizer | undefined)?.addPropertyDeletionOverride('IdentitySource');
    return config;
  }
}
