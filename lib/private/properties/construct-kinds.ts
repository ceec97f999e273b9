/** The kinds of constructs, and of what creates them, by the members that the mesh uses. */
import { having, kind } from './kinds';

export const certificateAuthority = having(
  'an ICertificateAuthority, such as CertificateAuthority.kmsRoot or CertificateAuthority.fromCertificateAuthorityAttributes',
  ...['certificateAuthorityArn', 'certificateChain', 'signingAlgorithm', 'grantIssue', 'grantRevoke'],
);
export const issuer = having(
  'an ICertificateIssuer, such as the issuer of a mesh',
  ...['deploymentHandler', 'rotationHandler', 'trustDomain', 'serveStackOf'],
);
export const registry = having('an IMeshRegistry, such as the registry of a mesh', 'table', 'grantLookup');
export const truststore = having('an ITruststore, such as the truststore of a mesh', 'versionId', 'waitForUse');
export const serviceGateway = having('an IServiceGateway, such as the gateway of a mesh', 'httpApi', 'url');
export const protectingGateway = having(
  'an IProtectingGateway, such as the gateway of a mesh',
  'customDomain',
  'handler',
  'url',
);
export const mtlsGateway = having('an IMtlsGateway, such as the gateway of a mesh', 'domainName', 'truststoreInUse');
export const gateway = having('an MtlsGateway', 'api', 'handler', 'accessLog');
export const alarms = having('the MeshAlarms of a mesh', 'rotationFailed', 'certificateExpiring');
export const trustAnchor = having(
  'an ITrustAnchor, such as the result of addTrustAnchor',
  ...['trustAnchorName', 'certificates'],
);
export const client = having(
  'an IMeshClient, such as the result of addClient or MeshClient.fromClientName',
  ...['clientName', 'spiffeId'],
);
export const identity = having('an ExternalIdentity, such as ExternalIdentity.subject', 'kind', 'value');
export const source = having('a TrustAnchorSource, such as TrustAnchorSource.fromFile', 'bind');

/** The integrations of the CDK have a `bind` that returns something else. */
export const integration = kind(
  'must be a MeshIntegration, such as MeshIntegration.lambdaFunction',
  (value) => typeof value === 'object' && value !== null && 'bind' in value && !('_bindToRoute' in value),
);

export const api = having('an HttpApi or a RestApi that the app defines', 'node');
export const bucket = having('an IBucket, such as Bucket.fromBucketName', 'bucketName', 'arnForObjects');
export const certificate = having('an ICertificate, such as Certificate.fromCertificateArn', 'certificateArn');
export const encryptionKey = having('an IKey, such as Key.fromKeyArn', 'keyArn', 'addToResourcePolicy');
export const hostedZone = having(
  'an IHostedZone, such as HostedZone.fromLookup or HostedZone.fromHostedZoneAttributes',
  ...['hostedZoneId', 'zoneName'],
);
export const lambdaFunction = having('an IFunction, such as a Function', 'functionArn', 'addPermission');
export const secret = having('an ISecret, such as Secret.fromSecretNameV2', 'secretArn', 'grantRead');
export const securityGroup = having('an ISecurityGroup, such as SecurityGroup.fromSecurityGroupId', 'securityGroupId');
export const topic = having('an ITopic, such as Topic.fromTopicArn', 'topicArn');
export const vpc = having('an IVpc, such as Vpc.fromLookup', 'vpcId', 'selectSubnets');
export const vpcLink = having('an IVpcLink, such as VpcLink.fromVpcLinkAttributes', 'vpcLinkId');
export const grantee = having('an IGrantable, such as a role or a function', 'grantPrincipal');
