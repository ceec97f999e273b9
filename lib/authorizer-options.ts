import type { Duration } from 'aws-cdk-lib';

/** How the authorizer of a gateway goes by what it has read from the registry. */
export interface AuthorizerOptions {
  /**
   * The longest time that a revoked certificate, a disabled client, or a removed grant may still be accepted, while the registry
   * can be read. Whole seconds, from 0 to 5 minutes.
   *
   * Each instance of the authorizer reads the registry at most once in this time for a certificate that keeps calling:
   * one `BatchGetItem` with three consistent reads of up to 4 KB each (the client, the certificate, and the grants of the client),
   * which are three read request units, and one more for every 4 KB of grants. The grants of all clients are one more read,
   * whoever calls. For 100 clients that call all the time and 10 instances of the authorizer, 5 seconds are at most 200 of these
   * calls a second. With 0, every request reads the registry, and waits for it. A client that keeps sending requests without a
   * grant is looked up once a second.
   *
   * @default Duration.seconds(5)
   */
  readonly revocationDelay?: Duration;

  /**
   * How long the authorizer still accepts a client, after `revocationDelay`, while the registry can't be read. Whole
   * seconds, from 0 to 1 hour.
   *
   * The client must have been accepted when the same instance of the authorizer last looked it up. Its certificate must
   * not have expired or been replaced since. During an outage, a revocation may therefore take effect later by this time,
   * unless the instance has already refused the certificate. Callers that an instance doesn't know, and all callers
   * after this time, get 500 instead of 403, so that clients can tell an outage from a revocation.
   *
   * With 0, nobody is accepted without the registry.
   *
   * @default Duration.seconds(60)
   */
  readonly outageTolerance?: Duration;

  /**
   * The concurrency that is reserved for the authorizer, from the account's limit, and that it can't exceed: a whole number, at
   * least 1. Each request of a client takes one for some milliseconds. Clients get 500 when all are taken.
   *
   * @default - `reservedConcurrentExecutions`
   * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
   */
  readonly authorizerConcurrency?: number;
}
