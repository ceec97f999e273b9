import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { IConstruct } from 'constructs';
import { secretName } from '../../mesh/names';
import type { CertificateIssuer } from '../certificate-issuer';
import type { MeshClient, MeshClientProps } from '../mesh-client';

/**
 * A secret without a version, which the issuer may fill. Left to itself, the construct has Secrets Manager write a random
 * first one.
 */
export function clientSecret(client: MeshClient, props: MeshClientProps): secretsmanager.ISecret {
  const { issuer, encryptionKey } = props;
  const secret = new secretsmanager.Secret(client, 'Secret', {
    secretName: secretName(issuer.trustDomain, client.clientName),
    description: `Client certificate and private key of ${client.spiffeId}`,
    encryptionKey,
    removalPolicy: props.removalPolicy ?? RemovalPolicy.DESTROY,
  });
  const resource = secret.node.defaultChild as secretsmanager.CfnSecret;
  resource.generateSecretString = undefined;
  if (encryptionKey) allowEncryption(client, issuer, encryptionKey);
  return secret;
}

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html */
function allowEncryption(client: IConstruct, issuer: CertificateIssuer, key: kms.IKey): void {
  issuer.handler.addToRolePolicy(
    new iam.PolicyStatement({
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: [key.keyArn],
      conditions: { StringEquals: { 'kms:ViaService': `secretsmanager.${Stack.of(client).region}.amazonaws.com` } },
    }),
  );
}
