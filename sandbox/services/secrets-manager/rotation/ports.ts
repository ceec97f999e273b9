/** What rotation needs of the other services, and no more. */

export interface RotationFunctions {
  /** Rejects with the function's error, or when it takes longer than its own timeout. */
  invoke(functionArn: string, event: RotationEvent): Promise<unknown>;
  /** Throws unless the function's resource policy lets `principalService` invoke it for `sourceArn`. */
  assertMayInvoke(functionArn: string, principalService: string, sourceArn: string): void;
}

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda.html */
export interface RotationEvent {
  readonly Step: RotationStep;
  /** ARN. */
  readonly SecretId: string;
  /** Id of the version that the rotation makes. */
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
