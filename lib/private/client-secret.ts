import { ArnFormat, RemovalPolicy, Stack, Token, TokenComparison } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct, type IConstruct } from 'constructs';
import { secretName } from '../../mesh/names';
import type { ICertificateIssuer } from '../interfaces';
import { grantKeyThrough } from './key-grant';
import { refuse } from './validation';

export interface ClientSecretProps {
  readonly clientName: string;
  readonly spiffeId: string;
  /** The function that fills the secret. */
  readonly issuer: ICertificateIssuer;
  readonly encryptionKey?: kms.IKey;
  readonly adoptSecret?: boolean;
  readonly removalPolicy?: RemovalPolicy;
}

/** The client's secret, which the issuer fills: an existing one, or one that is added. */
export function clientSecret(scope: Construct, props: ClientSecretProps): secretsmanager.ISecret {
  const { issuer, encryptionKey } = props;
  if (encryptionKey) allowEncryption(scope, issuer, encryptionKey);
  const name = secretName(issuer.trustDomain, props.clientName);
  return props.adoptSecret ? secretByName(scope, 'Secret', name, encryptionKey) : newSecret(scope, name, props);
}

interface ReadGrantProps extends ClientSecretProps {
  readonly secret: secretsmanager.ISecret;
  readonly grantee: iam.IGrantable;
}

/**
 * Allows `grantee` to read the client's secret. In another stack, the grant names the secret, since a reference would make
 * that stack depend on the client's, which depends on it if the mesh has a service of it.
 */
export function grantReadSecret(scope: Construct, props: ReadGrantProps): iam.Grant {
  const { grantee, encryptionKey: key } = props;
  checkAccount(scope, grantee, key);
  const grant = readableSecret(scope, props).grantRead(grantee);
  // The CDK allows the use of the key in the policy of the key only, which is out of reach.
  const isImported = key !== undefined && key.node.defaultChild === undefined;
  return isImported
    ? grant.combine(grantKeyThrough('secretsmanager', scope, { grantee, key, actions: ['kms:Decrypt'] }))
    : grant;
}

/** The AWS managed key of Secrets Manager can't be used from another account, as the CDK knows as well. */
function checkAccount(scope: Construct, { grantPrincipal }: iam.IGrantable, key: kms.IKey | undefined): void {
  const { principalAccount } = grantPrincipal;
  const { account } = Stack.of(scope);
  if (key || Token.compareStrings(account, principalAccount ?? '') !== TokenComparison.DIFFERENT) return;
  const rule = `must be in the account of the client (${account}) unless the client has an encryptionKey: set one, which the account may use`;
  const name = Construct.isConstruct(grantPrincipal) ? grantPrincipal.node.path : String(grantPrincipal);
  refuse(scope, 'grantee', rule, `${name} in ${principalAccount}`);
}

function readableSecret(scope: Construct, props: ReadGrantProps): secretsmanager.ISecret {
  const { secret, grantee, issuer, clientName, encryptionKey } = props;
  if (!isInAnotherStack(scope, grantee.grantPrincipal)) return secret;
  const id = 'SecretByName';
  const byName = scope.node.tryFindChild(id) as secretsmanager.ISecret | undefined;
  const name = secretName(issuer.trustDomain, clientName);
  return byName ?? secretByName(scope, id, name, encryptionKey);
}

/** Not in another account, where the secret needs a resource policy. */
function isInAnotherStack(scope: Construct, principal: iam.IPrincipal): boolean {
  if (!Construct.isConstruct(principal) || Stack.of(principal) === Stack.of(scope)) return false;
  const { principalAccount } = principal;
  return principalAccount === undefined || principalAccount === Stack.of(scope).account;
}

function secretByName(scope: Construct, id: string, name: string, encryptionKey?: kms.IKey): secretsmanager.ISecret {
  const secretPartialArn = Stack.of(scope).formatArn({
    service: 'secretsmanager',
    resource: 'secret',
    resourceName: name,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  return secretsmanager.Secret.fromSecretAttributes(scope, id, { secretPartialArn, encryptionKey });
}

/** A secret without a version. By default, the CDK construct generates a random value. */
function newSecret(scope: Construct, name: string, props: ClientSecretProps): secretsmanager.ISecret {
  const { encryptionKey } = props;
  const secret = new secretsmanager.Secret(scope, 'Secret', {
    secretName: name,
    description: `Client certificate and private key of ${props.spiffeId}`,
    encryptionKey,
    removalPolicy: props.removalPolicy ?? RemovalPolicy.DESTROY,
  });
  const resource = secret.node.defaultChild as secretsmanager.CfnSecret;
  resource.generateSecretString = undefined;
  return secret;
}

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html */
function allowEncryption(scope: IConstruct, issuer: ICertificateIssuer, key: kms.IKey): void {
  // The role may use the keys of all secrets that it fills.
  if (issuer.secretsRole) return;
  for (const grantee of [issuer.deploymentHandler, issuer.rotationHandler]) {
    grantKeyThrough('secretsmanager', scope, { grantee, key, actions: ['kms:Decrypt', 'kms:GenerateDataKey'] });
  }
}
