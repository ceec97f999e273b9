import { type AwsCall, AwsError, type ConditionKeys } from '../../../endpoint/api';
import type { JsonOperation } from '../../../endpoint/json-protocol';
import { boolean, optional, string, structure } from '../../shared/shape';
import { authorizationOn } from '../authorization';
import { requestToken } from '../request-shapes';
import type { Secrets } from '../state';
import type { Rotations } from './rotations';
import { readRotationRules, rotationRulesShape } from './rules';

const secretId = string({ min: 1, max: 2048 });

/** RotateSecret and CancelRotateSecret. */
export function rotationOperations(secrets: Secrets, rotations: Rotations): Readonly<Record<string, JsonOperation>> {
  const authorize = authorizationOn(secrets);

  const rotateSecretShape = structure({
    SecretId: secretId,
    ClientRequestToken: requestToken,
    RotationLambdaARN: optional(string({ max: 2048 })),
    RotationRules: optional(rotationRulesShape),
    RotateImmediately: optional(boolean),
  });

  /**
   * The caller also needs permission to invoke the rotation function, as documented for the operation. Secrets Manager
   * checks it on behalf of the caller:
   * https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html
   */
  function rotateSecret(input: unknown, call: AwsCall): object {
    const request = rotateSecretShape(input, '');
    const { SecretId, ClientRequestToken, RotationLambdaARN, RotationRules, RotateImmediately = true } = request;
    const keys: ConditionKeys =
      RotationLambdaARN === undefined ? {} : { 'secretsmanager:RotationLambdaARN': RotationLambdaARN };
    authorize(call, 'RotateSecret', SecretId, {
      ...keys,
      'secretsmanager:RotateImmediately': String(RotateImmediately),
      'secretsmanager:ModifyRotationRules': String(RotationRules !== undefined),
    });
    const secret = secrets.getLiving(SecretId);
    const functionArn = RotationLambdaARN ?? secret.rotation?.functionArn;
    if (functionArn === undefined) {
      throw new AwsError('InvalidRequestException', 'No Lambda rotation function ARN is associated with this secret.');
    }
    call.authorize('lambda:InvokeFunction', functionArn, { 'aws:ViaAWSService': 'true' });
    if (RotationLambdaARN !== undefined || RotationRules !== undefined) {
      const rules = RotationRules === undefined ? secret.rotation?.rules : readRotationRules(RotationRules);
      rotations.configure(secret, functionArn, rules);
    }
    const named = { ARN: secret.details.arn, Name: secret.details.name };
    if (!RotateImmediately) {
      rotations.test(secret);
      return named;
    }
    rotations.begin(secret, ClientRequestToken);
    return { ...named, VersionId: ClientRequestToken };
  }

  const cancelRotateSecretShape = structure({ SecretId: secretId });

  function cancelRotateSecret(input: unknown, call: AwsCall): object {
    const { SecretId } = cancelRotateSecretShape(input, '');
    authorize(call, 'CancelRotateSecret', SecretId);
    const secret = secrets.getLiving(SecretId);
    rotations.cancel(secret);
    const VersionId = secret.versionWithStage('AWSPENDING')?.id;
    return { ARN: secret.details.arn, Name: secret.details.name, VersionId };
  }

  return { CancelRotateSecret: cancelRotateSecret, RotateSecret: rotateSecret };
}
