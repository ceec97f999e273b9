/** The other services that rotation uses. */

export interface RotationFunctions {
  /** Rejects with the error of the function, or after the timeout of the function. */
  invoke(functionArn: string, event: RotationEvent): Promise<unknown>;
  /** Throws unless the resource policy of the function allows `principalService` to invoke it for `sourceArn`. */
  assertMayInvoke(functionArn: string, principalService: string, sourceArn: string): void;
}

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda.html */
export interface RotationEvent {
  readonly Step: RotationStep;
  /** ARN. */
  readonly SecretId: string;
  /** The ID of the new version. */
  readonly ClientRequestToken: string;
  readonly RotationToken: string;
}

export type RotationStep = 'createSecret' | 'setSecret' | 'testSecret' | 'finishSecret';

export interface RotationEvents {
  put(event: {
    readonly source: string;
    readonly detailType: string;
    readonly detail: Readonly<Record<string, unknown>>;
  }): void;
}
