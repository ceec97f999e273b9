/** The steps of a rotation, in their order. */
const ROTATION_STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;
export type RotationStep = (typeof ROTATION_STEPS)[number];

/**
 * What Secrets Manager asks of a rotation function.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
 */
export interface RotationRequest {
  readonly step: RotationStep;
  /** ARN of the secret. */
  readonly secretId: string;
  /** Id of the version that becomes the current one; the same for all steps and their repetitions. */
  readonly versionId: string;
}

/** The event looks like a rotation's and is none. */
class RotationEventError extends Error {
  override readonly name = 'RotationEventError';
}

/** @throws RotationEventError */
export function readRotationRequest(event: object): RotationRequest {
  const fields: Readonly<Record<string, unknown>> = { ...event };
  const text = (name: string, form: RegExp): string => {
    const value = fields[name];
    if (typeof value === 'string' && form.test(value)) return value;
    throw new RotationEventError(`the rotation's ${name} is not what Secrets Manager sends`);
  };
  const step = ROTATION_STEPS.find((candidate) => candidate === fields['Step']);
  if (step === undefined)
    throw new RotationEventError(`the rotation's Step must be one of ${ROTATION_STEPS.join(', ')}`);
  return {
    step,
    secretId: text('SecretId', /^arn:[\w/+=.@:-]{1,2043}$/),
    versionId: text('ClientRequestToken', /^[\w-]{32,64}$/),
  };
}
