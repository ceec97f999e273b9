import { userInfo } from 'node:os';
import { ACMPCAClient, RequestAlreadyProcessedException, RevokeCertificateCommand } from '@aws-sdk/client-acm-pca';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { RotateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { EVENT_SOURCE } from '../../mesh/contract';
import { registryTableName } from '../../mesh/names';
import { type Authority, type Events, type OperatedMesh, OperatorError, type Secrets } from './mesh';
import { RegistryTable } from './registry-table';

/** How to reach AWS; what is left out comes from the SDK's usual sources. */
interface AwsAccess {
  readonly endpoint?: string;
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** Nothing that an operator asks takes longer; an endpoint that is out of reach is not waited for. */
const PATIENCE = { requestHandler: { connectionTimeout: 5_000, requestTimeout: 20_000 } };

/**
 * A mesh in the account that the SDK's usual sources of credentials, region and endpoint lead to: environment
 * variables (with `AWS_ENDPOINT_URL` a sandbox), shared configuration, roles.
 */
export function awsMesh(trustDomain: string, access: AwsAccess = {}): OperatedMesh {
  // The clients are bundled: that a later release of theirs needs a later Node.js is nothing an operator can act on.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const configuration = { ...PATIENCE, ...access };
  return {
    trustDomain,
    registry: new RegistryTable(new DynamoDBClient(configuration), registryTableName(trustDomain)),
    authority: authorityOf(new ACMPCAClient(configuration)),
    secrets: secretsOf(new SecretsManagerClient(configuration)),
    events: eventsOf(new EventBridgeClient(configuration)),
    operator: () => callerOf(new STSClient(configuration)),
    now: () => new Date(),
  };
}

function authorityOf(pca: ACMPCAClient): Authority {
  return {
    async revoke({ certificateAuthorityArn, serialNumber }, reason) {
      const command = new RevokeCertificateCommand({
        CertificateAuthorityArn: certificateAuthorityArn,
        // As `openssl x509 -text` prints it, the form that the API's reference shows.
        CertificateSerial: serialNumber.toLowerCase().replace(/(..)(?=.)/g, '$1:'),
        RevocationReason: reason,
      });
      try {
        await pca.send(command);
      } catch (error) {
        if (!(error instanceof RequestAlreadyProcessedException)) throw error;
      }
    },
  };
}

function secretsOf(secretsManager: SecretsManagerClient): Secrets {
  return {
    async rotate(secretId) {
      const { VersionId } = await secretsManager.send(new RotateSecretCommand({ SecretId: secretId }));
      if (VersionId === undefined) throw new OperatorError(`the rotation of ${secretId} began without a version`);
      return VersionId;
    },
  };
}

function eventsOf(eventBridge: EventBridgeClient): Events {
  return {
    async put(type, detail) {
      const entry = { Source: EVENT_SOURCE, DetailType: type, Detail: JSON.stringify(detail) };
      const { Entries = [] } = await eventBridge.send(new PutEventsCommand({ Entries: [entry] }));
      for (const { ErrorCode, ErrorMessage } of Entries) {
        if (ErrorCode !== undefined) throw new OperatorError(`${ErrorCode}: ${ErrorMessage}`);
      }
    },
  };
}

/** The caller's ARN; where no STS answers, as in a sandbox, the user's name on this machine. */
async function callerOf(sts: STSClient): Promise<string> {
  const { Arn } = await sts.send(new GetCallerIdentityCommand({})).catch(() => ({ Arn: undefined }));
  return Arn ?? userInfo().username;
}
