import { userInfo } from 'node:os';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { AwsCallError } from '../../aws/aws-error';
import { failureSentence } from '../../aws/failure';
import type { JsonObject } from '../../aws/json-caller';
import { Lambda } from '../../aws/lambda';
import { rotateSecret } from '../../aws/secrets-manager';
import { Sts } from '../../aws/sts';
import { type RevocationOrder, type RevocationResult, UNKNOWN_CERTIFICATE_ERROR } from '../../mesh/contract';
import { registryTableName, revocationFunctionName } from '../../mesh/names';
import { Registry } from '../../registry/registry';
import { RegistrySurvey } from '../../registry/survey';
import { type AwsAccess, commandConnection, SDK_SETTINGS } from './aws-access';
import { NEVER_ABORTED, type OperatedMesh, OperatorError } from './mesh';
import { readRevocationResult } from './revocation-result';

/** A mesh in the account and Region of `access`. */
export function awsMesh(trustDomain: string, access: AwsAccess = {}, now = () => new Date()): OperatedMesh {
  const connection = commandConnection(access);
  const tableName = registryTableName(trustDomain);
  const functions = new Lambda(connection);
  const secretsManager = new SecretsManagerClient({ ...SDK_SETTINGS, ...access });
  return {
    trustDomain,
    registry: new Registry(tableName, connection),
    survey: new RegistrySurvey(tableName, connection),
    startRotation: (secretId) => rotateSecret(secretsManager, secretId, NEVER_ABORTED),
    revoke: (order) => revoke(functions, trustDomain, order),
    operator: () => operatorArn(new Sts(connection)),
    now,
  };
}

/** @throws OperatorError with what to do meanwhile */
async function revoke(functions: Lambda, trustDomain: string, order: RevocationOrder): Promise<RevocationResult> {
  return readRevocationResult(await invokeRevocation(functions, trustDomain, order));
}

async function invokeRevocation(functions: Lambda, trustDomain: string, order: RevocationOrder): Promise<JsonObject> {
  try {
    return await functions.invoke(revocationFunctionName(trustDomain), order, NEVER_ABORTED);
  } catch (cause) {
    if (cause instanceof AwsCallError && cause.code === UNKNOWN_CERTIFICATE_ERROR) {
      throw new OperatorError(cause.reason, { cause });
    }
    const remedy = `disable the client to refuse it meanwhile: \`mtls-mesh disable ${order.clientName}\``;
    throw new OperatorError(`the mesh can't revoke certificates: ${failureSentence(cause)}; ${remedy}`, { cause });
  }
}

/** The operator's ARN, or the name of the user on this machine if STS does not answer. */
async function operatorArn(sts: Sts): Promise<string> {
  const arn = await sts.callerArn(NEVER_ABORTED).catch(() => undefined);
  return arn ?? userInfo().username;
}
