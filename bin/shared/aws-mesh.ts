import { userInfo } from 'node:os';
import { ACMPCAClient } from '@aws-sdk/client-acm-pca';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { AcmPca } from '../../aws/acm-pca';
import { CalledMetrics } from '../../aws/cloudwatch';
import { EventBridge } from '../../aws/eventbridge';
import { rotateSecret } from '../../aws/secrets-manager';
import { Sts } from '../../aws/sts';
import { registryTableName } from '../../mesh/names';
import { Audit } from '../../registry/audit';
import { Registry } from '../../registry/registry';
import { Revocation } from '../../registry/revocation';
import { type AwsAccess, commandConnection, SDK_SETTINGS } from './aws-access';
import { NEVER_ABORTED, type OperatedMesh } from './mesh';

/** A mesh in the account and Region of `access`. Nothing is logged: the commands print their results. */
export function awsMesh(trustDomain: string, access: AwsAccess = {}, now = () => new Date()): OperatedMesh {
  const connection = commandConnection(access);
  const registry = new Registry(registryTableName(trustDomain), connection);
  const log = () => undefined;
  const metrics = new CalledMetrics({ trustDomain, now, connection });
  const audit = new Audit({ trustDomain, events: new EventBridge(connection), metrics, log });
  const authority = new AcmPca(new ACMPCAClient({ ...SDK_SETTINGS, ...access }));
  const secretsManager = new SecretsManagerClient({ ...SDK_SETTINGS, ...access });
  return {
    trustDomain,
    registry,
    startRotation: (secretId) => rotateSecret(secretsManager, secretId, NEVER_ABORTED),
    revocation: new Revocation({ registry, authority, audit, now, log }),
    operator: () => operatorArn(new Sts(connection)),
    now,
  };
}

/** The operator's ARN, or the name of the user on this machine if STS does not answer. */
async function operatorArn(sts: Sts): Promise<string> {
  const arn = await sts.callerArn(NEVER_ABORTED).catch(() => undefined);
  return arn ?? userInfo().username;
}
