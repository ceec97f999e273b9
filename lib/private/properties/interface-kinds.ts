/**
 * The kinds of the properties of the public interfaces. An interface that extends another has its kinds too. The compiler compares
 * them with the interface where they are used, in `checkProps` and `checkOptions`.
 */
import { RemovalPolicy } from 'aws-cdk-lib';
import { HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { Tracing } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { KeyAlgorithm, SigningAlgorithm } from '../../algorithms';
import { ExternalIdentityKind } from '../../external-identity';
import * as construct from './construct-kinds';
import { duration, flag, having, listOf, mapOf, number, object, oneOf, optional, text } from './kinds';

/** Of `ExternalIdentity`, which JavaScript may build without its factories. */
export const identityKind = oneOf('ExternalIdentityKind', ExternalIdentityKind);

const keyAlgorithm = oneOf('KeyAlgorithm', KeyAlgorithm);
const signingAlgorithm = oneOf('SigningAlgorithm', SigningAlgorithm);
const logRetention = oneOf('RetentionDays', RetentionDays);
const removalPolicy = oneOf('RemovalPolicy', RemovalPolicy);
const authorities = listOf('ICertificateAuthority', construct.certificateAuthority);

export const GRANT_OPTIONS = {
  methods: optional(listOf('HttpMethod', oneOf('HttpMethod', HttpMethod))),
  path: optional(text),
};

const ENCRYPTION_OPTIONS = { encryptionKey: optional(construct.encryptionKey) };

const FUNCTION_OPTIONS = {
  vpc: optional(construct.vpc),
  vpcSubnets: optional(having('a SubnetSelection')),
  securityGroups: optional(listOf('ISecurityGroup', construct.securityGroup)),
  tracing: optional(oneOf('Tracing', Tracing)),
  reservedConcurrentExecutions: optional(number),
};

/** Of a construct with functions. */
const STORED = {
  ...FUNCTION_OPTIONS,
  ...ENCRYPTION_OPTIONS,
  logRetention: optional(logRetention),
  removalPolicy: optional(removalPolicy),
};

const CERTIFICATE_OPTIONS = {
  keyAlgorithm: optional(keyAlgorithm),
  certificateValidity: optional(duration),
  rotateAfter: optional(duration),
  overlap: optional(duration),
};

export const CLIENT_PROPS = {
  ...CERTIFICATE_OPTIONS,
  ...ENCRYPTION_OPTIONS,
  clientName: text,
  issuer: construct.issuer,
  ownKey: optional(flag),
  certificateLimit: optional(number),
  dnsNames: optional(listOf('DNS names', text)),
  adoptSecret: optional(flag),
  removalPolicy: optional(removalPolicy),
};

export const EXTERNAL_CLIENT_PROPS = {
  clientName: text,
  issuer: construct.issuer,
  trustAnchor: construct.trustAnchor,
  identity: construct.identity,
};

export const TRUST_ANCHOR_PROPS = {
  trustAnchorName: text,
  source: construct.source,
  truststore: construct.truststore,
};

export const SOURCE_CONFIG = {
  pem: optional(text),
  bucketObject: optional(object({ bucket: construct.bucket, objectKey: text, objectVersion: text })),
  description: optional(text),
  published: optional(text),
};

export const SERVICE_PROPS = {
  serviceName: text,
  gateway: construct.serviceGateway,
  issuer: construct.issuer,
  integration: construct.integration,
};

export const PROTECTED_API_PROPS = {
  api: construct.api,
  serviceName: text,
  gateway: construct.protectingGateway,
  issuer: construct.issuer,
};

export const PUBLIC_INTEGRATION_OPTIONS = {
  gatewaySecret: optional(construct.secret),
  gatewaySecretVersion: optional(text),
};

export const PRIVATE_INTEGRATION_OPTIONS = {
  vpcLink: optional(construct.vpcLink),
  secureServerName: optional(text),
};

const AUTHORIZER_OPTIONS = {
  revocationDelay: optional(duration),
  outageTolerance: optional(duration),
  authorizerConcurrency: optional(number),
};

const DOMAIN_OPTIONS = {
  domainName: text,
  serverCertificate: optional(construct.certificate),
  ownershipCertificate: optional(construct.certificate),
  hostedZone: optional(construct.hostedZone),
};

const THROTTLE_OPTIONS = {
  throttle: optional(object({ rateLimit: optional(number), burstLimit: optional(number) })),
};

export const GATEWAY_PROPS = {
  ...DOMAIN_OPTIONS,
  ...AUTHORIZER_OPTIONS,
  ...THROTTLE_OPTIONS,
  ...STORED,
  truststore: construct.truststore,
  registry: construct.registry,
};

const REGISTRY_OPTIONS = {
  deletionProtection: optional(flag),
  adoptRegistry: optional(flag),
};

export const REGISTRY_PROPS = {
  ...REGISTRY_OPTIONS,
  ...ENCRYPTION_OPTIONS,
  trustDomain: text,
  removalPolicy: optional(removalPolicy),
};

export const ISSUER_PROPS = {
  ...STORED,
  registry: construct.registry,
  certificateAuthority: construct.certificateAuthority,
  certificateAuthorityPredecessors: optional(authorities),
  revocationListAddress: optional(text),
  gateway: optional(construct.mtlsGateway),
};

export const TRUSTSTORE_PROPS = {
  ...STORED,
  certificateAuthorities: authorities,
  registry: construct.registry,
};

export const REVOCATION_LISTS_PROPS = {
  ...STORED,
  registry: construct.registry,
  certificateAuthorities: authorities,
  validity: optional(duration),
};

export const ALARMS_PROPS = {
  trustDomain: text,
  issuer: optional(construct.issuer),
  revocationLists: optional(flag),
  topic: optional(construct.topic),
};

export const DASHBOARD_PROPS = {
  trustDomain: text,
  gateway: construct.gateway,
  alarms: optional(construct.alarms),
  dashboardName: optional(text),
  defaultInterval: optional(duration),
};

export const MESH_PROPS = {
  ...DOMAIN_OPTIONS,
  ...AUTHORIZER_OPTIONS,
  ...THROTTLE_OPTIONS,
  ...CERTIFICATE_OPTIONS,
  ...REGISTRY_OPTIONS,
  ...STORED,
  trustDomain: optional(text),
  certificateAuthority: optional(construct.certificateAuthority),
  certificateAuthoritySuccessors: optional(authorities),
  revocationListAddress: optional(text),
  revocationListValidity: optional(duration),
  alarmTopic: optional(construct.topic),
  tags: optional(mapOf(text)),
};

export const MESH_ATTRIBUTES = {
  trustDomain: text,
  domainName: text,
  apiId: text,
  authorizerId: text,
  deploymentFunctionArn: text,
  rotationFunctionArn: text,
  requestFunctionArn: text,
  requestUrl: text,
  issuerRoleArns: optional(listOf('ARNs', text)),
  certificateAuthorityArn: text,
  signingAlgorithm,
};

export const AUTHORITY_PROPS = {
  subject: optional(
    object({
      commonName: text,
      organization: optional(text),
      organizationalUnit: optional(text),
      country: optional(text),
      state: optional(text),
      locality: optional(text),
    }),
  ),
  keyAlgorithm: optional(keyAlgorithm),
  signingAlgorithm: optional(signingAlgorithm),
  validity: optional(duration),
  removalPolicy: optional(removalPolicy),
};

export const AUTHORITY_ATTRIBUTES = {
  certificateAuthorityArn: text,
  certificateChain: text,
  signingAlgorithm: optional(signingAlgorithm),
  longestCertificateValidity: optional(duration),
  revocationListBucket: optional(construct.bucket),
};
