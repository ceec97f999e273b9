import type { SigningAlgorithm } from './algorithms';

/**
 * What another app needs to know of a mesh. All values may be tokens, except the trust domain. In another account than that of
 * the mesh, `deploymentFunctionArn` must be known at synthesis too.
 */
export interface MtlsServiceMeshAttributes {
  /** The SPIFFE trust domain, known at synthesis. */
  readonly trustDomain: string;

  /** The domain name that clients call. */
  readonly domainName: string;

  /** The ID of the gateway's HTTP API. */
  readonly apiId: string;

  /** The ID of the authorizer of that API. */
  readonly authorizerId: string;

  /** ARN of `issuer.deploymentHandler`. */
  readonly deploymentFunctionArn: string;

  /** ARN of `issuer.rotationHandler`. */
  readonly rotationFunctionArn: string;

  /** ARN of the function behind `requestUrl`. */
  readonly requestFunctionArn: string;

  /** `issuer.requestUrl`. */
  readonly requestUrl: string;

  /**
   * ARNs of the roles of `issuer.deploymentHandler` and `issuer.rotationHandler`, which `addSecretsRole` of an imported mesh trusts.
   * @default - the mesh is in the account of the stack
   */
  readonly issuerRoleArns?: string[];

  /** ARN of the authority that signs the certificates. */
  readonly certificateAuthorityArn: string;

  /** The algorithm that the authority signs certificates with. */
  readonly signingAlgorithm: SigningAlgorithm;
}
