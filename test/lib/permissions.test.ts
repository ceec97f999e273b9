import { CfnParameter, RemovalPolicy, type Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import {
  CertificateAuthority,
  ExternalIdentity,
  MeshIntegration,
  type MtlsServiceMesh,
  type MtlsServiceMeshProps,
  SigningAlgorithm,
  TrustAnchorSource,
} from '../../lib';
import { newFunction, newMesh, newStack, resourcesOf, type TemplateResource } from './mesh-stack';

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource?: unknown;
  readonly Principal?: Record<string, unknown>;
  readonly Condition?: Record<string, Record<string, unknown>>;
}

/** A template value as one text: references in braces, without the hashes in a logical id. */
function flat(value: unknown): string {
  if (Array.isArray(value)) return value.map(flat).join(', ');
  if (typeof value !== 'object' || value === null) return String(value);
  const [[name, argument] = ['', undefined]] = Object.entries(value);
  if (name === 'Ref') return `{${withoutHash(String(argument))}}`;
  if (name === 'Fn::GetAtt') return `{${withoutHash(argument[0])}.${argument[1]}}`;
  if (name === 'Fn::Join') return argument[1].map(flat).join(argument[0]);
  return `${name} ${flat(argument)}`;
}

function withoutHash(logicalId: string): string {
  return logicalId.replace(/[0-9A-F]{8}(?=Permission|$)/g, '');
}

function sentence({ Effect, Action, Resource, Principal, Condition }: Statement): string {
  return [
    `${Effect} ${flat(Action)}`,
    ...(Principal ? [`to ${flat(Principal)}`] : []),
    ...(Resource ? [`on ${flat(Resource)}`] : []),
    ...Object.entries(Condition ?? {}).flatMap(([operator, keys]) =>
      Object.entries(keys).map(([key, value]) => `if ${key} ${operator} ${flat(value)}`),
    ),
  ].join(' ');
}

function sentencesOf({ Type, Properties }: TemplateResource): string[] {
  const document = Properties['PolicyDocument'] ?? Properties['AssumeRolePolicyDocument'] ?? Properties['KeyPolicy'];
  const statements = (document as { Statement: Statement[] } | undefined)?.Statement ?? [];
  const attached = ['ManagedPolicyArns', 'Policies', 'PermissionsBoundary'].filter((name) => name in Properties);
  const invocation =
    Type === 'AWS::Lambda::Permission'
      ? [
          `Allow ${Properties['Action']} to ${Properties['Principal']} on ${flat(Properties['FunctionName'])}` +
            (Properties['SourceArn'] ? ` if from ${flat(Properties['SourceArn'])}` : '') +
            (Properties['SourceAccount'] ? ` of ${flat(Properties['SourceAccount'])}` : '') +
            (Properties['FunctionUrlAuthType'] ? ` if by ${Properties['FunctionUrlAuthType']}` : '') +
            (Properties['InvokedViaFunctionUrl'] ? ' if through the URL' : ''),
        ]
      : [];
  return [...statements.map(sentence), ...attached, ...invocation];
}

/** Everything that anybody may do by a whole mesh, but for what the service's own function may do. */
function permissionsOfMesh(
  removalPolicy: RemovalPolicy,
  extend: (mesh: MtlsServiceMesh) => void = () => {},
  propsIn: (stack: Stack) => Partial<MtlsServiceMeshProps> = () => ({}),
): string[] {
  const stack = newStack();
  const mesh = newMesh(stack, { removalPolicy, ...propsIn(stack) });
  mesh.addClient('mail');
  extend(mesh);
  mesh.addService('schedule', { integration: MeshIntegration.lambdaFunction(newFunction(stack, 'ScheduleFunction')) });
  mesh.addService('groups', { integration: MeshIntegration.http('https://groups.example.com') });
  return Object.entries(resourcesOf(stack))
    .filter(([id]) => !id.startsWith('ScheduleFunction'))
    .flatMap(([id, resource]) => sentencesOf(resource).map((text) => `${withoutHash(id)}: ${text}`))
    .sort();
}

const SECRETS = 'arn:{AWS::Partition}:secretsmanager:{AWS::Region}:{AWS::AccountId}:secret:mesh.example.com/*';
const OWN_EVENTS =
  'on arn:{AWS::Partition}:events:{AWS::Region}:{AWS::AccountId}:event-bus/default ' +
  'if events:source ForAllValues:StringEquals mtls-service-mesh if events:source Null false';
const EXECUTE_API = 'arn:{AWS::Partition}:execute-api:{AWS::Region}:{AWS::AccountId}:{MeshGatewayApi}';

const ISSUE = [
  'Allow acm-pca:GetCertificate on {MeshCertificateAuthorityActivation}',
  'Allow acm-pca:IssueCertificate on {MeshCertificateAuthorityActivation} ' +
    'if acm-pca:TemplateArn StringEquals arn:{AWS::Partition}:acm-pca:::template/EndEntityClientAuthCertificate_APIPassthrough/V1',
  'Allow s3:GetObjectVersion on {MeshTruststoreBucket.Arn}/truststore.pem',
];
const REVOKE = 'Allow acm-pca:RevokeCertificate on {MeshCertificateAuthorityActivation}';
const RECORD = 'Allow dynamodb:GetItem, dynamodb:Query, dynamodb:PutItem, dynamodb:UpdateItem';
const FILL_SECRETS =
  'Allow secretsmanager:DescribeSecret, secretsmanager:GetSecretValue, secretsmanager:PutSecretValue, ' +
  `secretsmanager:UpdateSecretVersionStage on ${SECRETS}`;

/** The permissions of one of the issuer's functions. */
function ofFunction(id: string, permissions: readonly string[]): string[] {
  return [
    `MeshIssuer${id}Role: Allow sts:AssumeRole to Service lambda.amazonaws.com`,
    ...[
      `Allow events:PutEvents ${OWN_EVENTS}`,
      `Allow logs:CreateLogStream, logs:PutLogEvents on {MeshIssuer${id}LogGroup.Arn}`,
      ...permissions,
    ].map((permission) => `MeshIssuer${id}RoleDefaultPolicy: ${permission}`),
  ];
}

const STATEMENTS = [
  'MeshGatewayApiTestMeshGatewayApiAuthorizerPermission: Allow lambda:InvokeFunction to apigateway.amazonaws.com ' +
    `on {MeshGatewayAuthorizerFunction.Arn} if from ${EXECUTE_API}/authorizers/{MeshGatewayApiAuthorizer}`,

  'MeshGatewayAuthorizerRole: Allow sts:AssumeRole to Service lambda.amazonaws.com',
  'MeshGatewayAuthorizerRoleDefaultPolicy: Allow dynamodb:BatchGetItem on {MeshRegistryTable.Arn}',
  'MeshGatewayAuthorizerRoleDefaultPolicy: Allow logs:CreateLogStream, logs:PutLogEvents on {MeshGatewayAuthorizerLogGroup.Arn}',

  'MeshIssuerHourlyPermission: Allow lambda:InvokeFunction to events.amazonaws.com ' +
    'on {MeshIssuerMaintenanceFunction.Arn} if from {MeshIssuerHourly.Arn}',
  'MeshIssuerRotationPermission: Allow lambda:InvokeFunction to secretsmanager.amazonaws.com ' +
    `on {MeshIssuerRotationFunction.Arn} if from ${SECRETS} of {AWS::AccountId}`,
  ...ofFunction('Deployment', [...ISSUE, `${RECORD}, dynamodb:DeleteItem on {MeshRegistryTable.Arn}`, FILL_SECRETS]),
  ...ofFunction('Rotation', [...ISSUE, `${RECORD} on {MeshRegistryTable.Arn}`, FILL_SECRETS]),
  ...ofFunction('Maintenance', [
    REVOKE,
    'Allow dynamodb:BatchGetItem, dynamodb:UpdateItem on {MeshRegistryTable.Arn}',
    'Allow dynamodb:Query on {MeshRegistryTable.Arn}/index/Agenda',
    'Allow dynamodb:Query on {MeshRegistryTable.Arn}/index/CertificateAuthority',
  ]),
  ...ofFunction('Revocation', [REVOKE, 'Allow dynamodb:Query, dynamodb:UpdateItem on {MeshRegistryTable.Arn}']),

  'MeshServiceschedulePermission: Allow lambda:InvokeFunction to apigateway.amazonaws.com ' +
    `on {ScheduleFunction.Arn} if from ${EXECUTE_API}/*/*/schedule*`,

  'MeshTruststoreBucketPolicy: Deny s3:* to AWS * on {MeshTruststoreBucket.Arn}, {MeshTruststoreBucket.Arn}/* ' +
    'if aws:SecureTransport Bool false',
  'MeshTruststorePublisherRole: Allow sts:AssumeRole to Service lambda.amazonaws.com',
  'MeshTruststorePublisherRoleDefaultPolicy: Allow apigateway:GET ' +
    'on arn:{AWS::Partition}:apigateway:{AWS::Region}::/domainnames/mesh.example.com',
  'MeshTruststorePublisherRoleDefaultPolicy: Allow cloudformation:DescribeStacks on {AWS::StackId}',
  'MeshTruststorePublisherRoleDefaultPolicy: Allow dynamodb:BatchGetItem on {MeshRegistryTable.Arn}',
  'MeshTruststorePublisherRoleDefaultPolicy: Allow dynamodb:Query on {MeshRegistryTable.Arn}/index/CertificateAuthority',
  `MeshTruststorePublisherRoleDefaultPolicy: Allow events:PutEvents ${OWN_EVENTS}`,
  'MeshTruststorePublisherRoleDefaultPolicy: Allow logs:CreateLogStream, logs:PutLogEvents on {MeshTruststorePublisherLogGroup.Arn}',
  'MeshTruststorePublisherRoleDefaultPolicy: Allow s3:PutObject on {MeshTruststoreBucket.Arn}/truststore.pem, {MeshTruststoreBucket.Arn}/client-ca.pem',
].sort();

const STATEMENTS_TO_EMPTY_THE_BUCKET = [
  'MeshTruststorePublisherRoleDefaultPolicy: Allow s3:DeleteObject, s3:DeleteObjectVersion on {MeshTruststoreBucket.Arn}/*',
  'MeshTruststorePublisherRoleDefaultPolicy: Allow s3:ListBucketVersions on {MeshTruststoreBucket.Arn}',
];

test('these are all permissions of a mesh', () => {
  expect(permissionsOfMesh(RemovalPolicy.RETAIN)).toEqual(STATEMENTS);
});

const STATEMENTS_FOR_OPERATORS = [
  'MeshOperatorPolicy: Allow apigateway:GET on ' +
    ['domainnames/mesh.example.com/apimappings', 'apis/{MeshGatewayApi}/authorizers', 'apis/{MeshGatewayApi}/stages']
      .map((path) => `arn:{AWS::Partition}:apigateway:{AWS::Region}::/${path}`)
      .join(', '),
  'MeshOperatorPolicy: Allow lambda:GetFunctionConfiguration on {MeshGatewayAuthorizerFunction.Arn}',
  'MeshOperatorPolicy: Allow logs:FilterLogEvents on {MeshGatewayAccessLog.Arn}, {MeshGatewayAuthorizerLogGroup.Arn}',
  'MeshOperatorPolicy: Allow dynamodb:BatchGetItem, dynamodb:Query on {MeshRegistryTable.Arn}',
  'MeshOperatorPolicy: Allow dynamodb:Query on {MeshRegistryTable.Arn}/index/Agenda',
  'MeshOperatorPolicy: Allow dynamodb:UpdateItem on {MeshRegistryTable.Arn} ' +
    'if dynamodb:Attributes ForAllValues:StringEquals partitionKey, sortKey, state, updatedAt, updatedBy ' +
    'if dynamodb:Attributes Null false',
  'MeshOperatorPolicy: Allow lambda:InvokeFunction on {MeshIssuerRevocationFunction.Arn}',
  'MeshOperatorPolicy: Allow lambda:InvokeFunction on {MeshIssuerRotationFunction.Arn}',
  `MeshOperatorPolicy: Allow secretsmanager:RotateSecret on ${SECRETS} ` +
    'if secretsmanager:ModifyRotationRules BoolIfExists false ' +
    'if secretsmanager:RotationLambdaARN ArnEqualsIfExists {MeshIssuerRotationFunction.Arn}',
];

test('an operator may do this and no more, in a policy that is made when it is asked for', () => {
  const permissions = permissionsOfMesh(RemovalPolicy.RETAIN, (mesh) => {
    expect(mesh.operatorPolicy).toBe(mesh.operatorPolicy);
  });
  expect(permissions).toEqual([...STATEMENTS, ...STATEMENTS_FOR_OPERATORS].sort());
});

test('a grant of requests lets a role through the function\u2019s URL, and never around it', () => {
  const permissions = permissionsOfMesh(RemovalPolicy.RETAIN, (mesh) => {
    const role = new iam.Role(mesh, 'MailApp', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') });
    mesh.addClient('social', { ownKey: true }).grantRequest(role);
  });
  expect(permissions.filter((permission) => !STATEMENTS.includes(permission))).toEqual(
    [
      // The function that strangers call can neither read a secret nor revoke anything.
      ...ofFunction('Request', [...ISSUE, `${RECORD} on {MeshRegistryTable.Arn}`]),
      'MeshMailApp: Allow sts:AssumeRole to Service ec2.amazonaws.com',
      'MeshMailAppDefaultPolicy: Allow lambda:InvokeFunction on {MeshIssuerRequestFunction.Arn} ' +
        'if lambda:InvokedViaFunctionUrl Bool true',
      'MeshMailAppDefaultPolicy: Allow lambda:InvokeFunctionUrl on {MeshIssuerRequestFunction.Arn} ' +
        'if lambda:FunctionUrlAuthType StringEquals AWS_IAM',
    ].sort(),
  );
});

const STATEMENTS_FOR_AN_ANCHOR = [
  'MeshIssuerDeploymentRoleDefaultPolicy',
  'MeshTruststorePublisherRoleDefaultPolicy',
].map((policy) => `${policy}: Allow s3:GetObjectVersion on arn:{AWS::Partition}:s3:::partners/roots/partner.pem`);

test('another account may use its alias, have its secrets rotated, and call the URL, and nothing else', () => {
  const own = permissionsOfMesh(RemovalPolicy.RETAIN, (mesh) => void mesh.issuer.requestUrl);
  const permissions = permissionsOfMesh(RemovalPolicy.RETAIN, (mesh) =>
    mesh.allowStack('arn:aws:cloudformation:us-east-1:222222222222:stack/mail/*'),
  );
  const role = 'arn:{AWS::Partition}:iam::222222222222:role/mtls-mesh-{AWS::Region}-mesh-example-com-ff8ab9153d';
  expect(permissions.filter((permission) => !own.includes(permission))).toEqual([
    'MeshIssuerAccount222222222222DeploymentPermission: Allow lambda:InvokeFunction to 222222222222 ' +
      'on {MeshIssuerAccount222222222222Alias}',
    'MeshIssuerAccount222222222222RequestPermission: Allow lambda:InvokeFunction to 222222222222 ' +
      'on {MeshIssuerRequestUrl.FunctionArn} if through the URL',
    'MeshIssuerAccount222222222222RequestUrlPermission: Allow lambda:InvokeFunctionUrl to 222222222222 ' +
      'on {MeshIssuerRequestUrl.FunctionArn} if by AWS_IAM',
    'MeshIssuerAccount222222222222RotateSecretPermission: Allow lambda:InvokeFunction to 222222222222 ' +
      'on {MeshIssuerRotationFunction.Arn}',
    'MeshIssuerAccount222222222222RotationPermission: Allow lambda:InvokeFunction to secretsmanager.amazonaws.com ' +
      `on {MeshIssuerRotationFunction.Arn} if from ${SECRETS.replace('{AWS::AccountId}', '222222222222')} of 222222222222`,
    `MeshIssuerDeploymentRoleDefaultPolicy: Allow sts:AssumeRole on ${role}`,
    `MeshIssuerRotationRoleDefaultPolicy: Allow sts:AssumeRole on ${role}`,
  ]);
  expect(own.filter((permission) => !permissions.includes(permission))).toEqual([]);
});

test('those that must read a trust anchor may read the object that holds it and no other', () => {
  const permissions = permissionsOfMesh(RemovalPolicy.RETAIN, (mesh) => {
    const bucket = Bucket.fromBucketName(mesh, 'Partners', 'partners');
    const source = TrustAnchorSource.fromBucketObject(bucket, 'roots/partner.pem', 'L4kqtJlcpXroDTDmpUMLUo');
    const trustAnchor = mesh.addTrustAnchor('partner', source);
    const identity = ExternalIdentity.spiffeId('spiffe://partner.example.com/billing');
    mesh.addExternalClient('billing', { trustAnchor, identity });
  });
  expect(permissions).toEqual([...STATEMENTS, ...STATEMENTS_FOR_AN_ANCHOR].sort());
});

test('a mesh that leaves nothing behind may empty its bucket as well', () => {
  expect(permissionsOfMesh(RemovalPolicy.DESTROY)).toEqual([...STATEMENTS, ...STATEMENTS_TO_EMPTY_THE_BUCKET].sort());
});

test('with a successor, who issues may do so with both authorities, and who revokes as well', () => {
  const permissions = permissionsOfMesh(
    RemovalPolicy.RETAIN,
    (mesh) => mesh.operatorPolicy,
    (stack) => ({ certificateAuthoritySuccessors: [CertificateAuthority.shortLivedRoot(stack, 'Successor')] }),
  );
  const ofSuccessor = [...STATEMENTS, ...STATEMENTS_FOR_OPERATORS]
    .filter((statement) => statement.includes('acm-pca:'))
    .map((statement) => statement.replace('{MeshCertificateAuthorityActivation}', '{SuccessorActivation}'));
  expect(ofSuccessor).toHaveLength(6);
  expect(permissions).toEqual([...STATEMENTS, ...STATEMENTS_FOR_OPERATORS, ...ofSuccessor].sort());
});

test('who revokes at an authority with a revocation list may write to the bucket of that list', () => {
  const permissions = permissionsOfMesh(
    RemovalPolicy.RETAIN,
    () => undefined,
    (stack) => ({
      certificateAuthority: CertificateAuthority.fromCertificateAuthorityAttributes(stack, 'Existing', {
        certificateAuthorityArn:
          'arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/11111111-2222-3333-4444-555555555555',
        certificateChain: new CfnParameter(stack, 'Chain').valueAsString,
        signingAlgorithm: SigningAlgorithm.SHA256WITHECDSA,
        revocationListBucket: Bucket.fromBucketName(stack, 'Lists', 'revocation-lists'),
      }),
    }),
  );
  expect(permissions.filter((permission) => permission.includes('revocation-lists'))).toEqual(
    ['Maintenance', 'Revocation'].flatMap((id) => [
      `MeshIssuer${id}RoleDefaultPolicy: Allow s3:GetBucketAcl, s3:GetBucketLocation ` +
        'on arn:{AWS::Partition}:s3:::revocation-lists',
      `MeshIssuer${id}RoleDefaultPolicy: Allow s3:PutObject, s3:PutObjectAcl ` +
        'on arn:{AWS::Partition}:s3:::revocation-lists/*',
    ]),
  );
});

const SIGN = 'if kms:MessageType StringEquals DIGEST if kms:SigningAlgorithm StringEquals ECDSA_SHA_256';
const ADMINISTER =
  'Allow kms:CancelKeyDeletion, kms:CreateAlias, kms:DeleteAlias, kms:Describe*, kms:Disable*, kms:Enable*, kms:Get*, ' +
  'kms:List*, kms:PutKeyPolicy, kms:RevokeGrant, kms:ScheduleKeyDeletion, kms:TagResource, kms:UntagResource, kms:Update* ' +
  'to AWS arn:{AWS::Partition}:iam::{AWS::AccountId}:root on *';
const PARAMETERS =
  'arn:{AWS::Partition}:ssm:{AWS::Region}:{AWS::AccountId}:parameter/mtls-mesh/certificate-authorities';

const LISTS = 'MeshRevocationLists';
const STATEMENTS_FOR_LISTS = [
  `KmsKeyECCNISTP256: Allow kms:Sign to AWS {${LISTS}PublisherRole.Arn} on * ${SIGN}`,
  `${LISTS}BucketPolicy: Deny s3:* to AWS * on {${LISTS}Bucket.Arn}, {${LISTS}Bucket.Arn}/* if aws:SecureTransport Bool false`,
  ...['Hourly', 'Revocations'].map(
    (rule) =>
      `${LISTS}${rule}Permission: Allow lambda:InvokeFunction to events.amazonaws.com on {${LISTS}PublisherFunction.Arn} ` +
      `if from {${LISTS}${rule}.Arn}`,
  ),
  `${LISTS}PublisherRole: Allow sts:AssumeRole to Service lambda.amazonaws.com`,
  ...[
    `Allow logs:CreateLogStream, logs:PutLogEvents on {${LISTS}PublisherLogGroup.Arn}`,
    'Allow dynamodb:BatchGetItem on {MeshRegistryTable.Arn}',
    'Allow dynamodb:Query on {MeshRegistryTable.Arn}/index/CertificateAuthority',
    `Allow kms:Sign on {KmsKeyECCNISTP256.Arn} ${SIGN}`,
    'Allow kms:GetPublicKey on {KmsKeyECCNISTP256.Arn}, {KmsRootKeyECCNISTP256.Arn}',
    `Allow ssm:GetParameter on ${PARAMETERS}/{KmsKeyECCNISTP256}`,
    `Allow s3:GetObject, s3:PutObject on {${LISTS}Bucket.Arn}/crl.pem, ` +
      `{${LISTS}Bucket.Arn}/Fn::Select 1, Fn::Split /, {KmsCertificate.CertificateAuthorityArn}.crl`,
    `Allow s3:ListBucket on {${LISTS}Bucket.Arn}`,
  ].map((permission) => `${LISTS}PublisherRoleDefaultPolicy: ${permission}`),
];

test('with keys in KMS, the root signs for the function that makes authorities, and the subordinate for those that issue', () => {
  const permissions = permissionsOfMesh(
    RemovalPolicy.RETAIN,
    () => undefined,
    (stack) => ({ certificateAuthority: CertificateAuthority.kmsSubordinate(stack, 'Kms') }),
  );
  const issuing = ['Deployment', 'Rotation'];
  const maker = 'KmsRootMakerHandlerRole';
  const added = [
    `KmsRootKeyECCNISTP256: ${ADMINISTER}`,
    `KmsRootKeyECCNISTP256: Allow kms:Sign to AWS {${maker}.Arn} on * ${SIGN}`,
    `KmsKeyECCNISTP256: ${ADMINISTER}`,
    ...issuing.flatMap((id) => [
      `KmsKeyECCNISTP256: Allow kms:Sign to AWS {MeshIssuer${id}Role.Arn} on * ${SIGN}`,
      `MeshIssuer${id}RoleDefaultPolicy: Allow kms:Sign on {KmsKeyECCNISTP256.Arn} ${SIGN}`,
      `MeshIssuer${id}RoleDefaultPolicy: Allow ssm:GetParameter on ${PARAMETERS}/{KmsKeyECCNISTP256}`,
    ]),
    `${maker}: Allow sts:AssumeRole to Service lambda.amazonaws.com`,
    ...[
      'Allow logs:CreateLogStream, logs:PutLogEvents on {KmsRootMakerHandlerLogGroup.Arn}',
      `Allow kms:Sign on {KmsRootKeyECCNISTP256.Arn} ${SIGN}`,
      ...['KmsKeyECCNISTP256', 'KmsRootKeyECCNISTP256'].flatMap((key) => [
        `Allow kms:GetPublicKey on {${key}.Arn}`,
        `Allow ssm:GetParameter, ssm:GetParameterHistory, ssm:PutParameter, ssm:DeleteParameter on ${PARAMETERS}/{${key}}`,
      ]),
    ].map((permission) => `${maker}DefaultPolicy: ${permission}`),
    ...STATEMENTS_FOR_LISTS,
  ];
  const others = STATEMENTS.filter((statement) => !statement.includes('acm-pca:'));
  expect(permissions).toEqual([...others, ...added].sort());
});

test('the function that makes authorities may ask ACM PCA for the request of an authority below a KMS root', () => {
  const permissions = permissionsOfMesh(
    RemovalPolicy.RETAIN,
    () => undefined,
    (stack) => ({ certificateAuthority: CertificateAuthority.shortLivedSubordinateOfKmsRoot(stack, 'Pca') }),
  );
  expect(permissions.filter((permission) => permission.startsWith('PcaRootMakerHandlerRoleDefaultPolicy'))).toContain(
    'PcaRootMakerHandlerRoleDefaultPolicy: Allow acm-pca:GetCertificateAuthorityCsr on {Pca.Arn}',
  );
  expect(permissions.filter((permission) => permission.includes('kms:Sign'))).toEqual([
    `PcaRootKeyECCNISTP256: Allow kms:Sign to AWS {PcaRootMakerHandlerRole.Arn} on * ${SIGN}`,
    `PcaRootMakerHandlerRoleDefaultPolicy: Allow kms:Sign on {PcaRootKeyECCNISTP256.Arn} ${SIGN}`,
  ]);
});

const through = (service: string) => `if kms:ViaService StringEquals ${service}.{AWS::Region}.{AWS::URLSuffix}`;
const READ_TABLE = `Allow kms:Decrypt, kms:DescribeKey on {Key.Arn} ${through('dynamodb')}`;
const CHANGE_TABLE =
  'Allow kms:Decrypt, kms:DescribeKey, kms:Encrypt, kms:GenerateDataKey*, kms:ReEncrypt* on {Key.Arn} ' +
  through('dynamodb');
const READ_TRUSTSTORE = `Allow kms:Decrypt on {Key.Arn} ${through('s3')}`;
const PUBLISH_TRUSTSTORE = `Allow kms:GenerateDataKey on {Key.Arn} ${through('s3')}`;
const FILL_ENCRYPTED_SECRETS = `Allow kms:Decrypt, kms:GenerateDataKey on {Key.Arn} ${through('secretsmanager')}`;

test('with a key, each function may use it only through the services that it reads and writes', () => {
  const permissions = permissionsOfMesh(
    RemovalPolicy.RETAIN,
    (mesh) => mesh.operatorPolicy,
    (stack) => ({ encryptionKey: new kms.Key(stack, 'Key') }),
  );
  const policies: Readonly<Record<string, readonly string[]>> = {
    MeshGatewayAuthorizerRoleDefaultPolicy: [READ_TABLE],
    MeshIssuerDeploymentRoleDefaultPolicy: [CHANGE_TABLE, FILL_ENCRYPTED_SECRETS, READ_TRUSTSTORE],
    MeshIssuerRotationRoleDefaultPolicy: [CHANGE_TABLE, FILL_ENCRYPTED_SECRETS, READ_TRUSTSTORE],
    MeshIssuerMaintenanceRoleDefaultPolicy: [CHANGE_TABLE],
    MeshIssuerRevocationRoleDefaultPolicy: [CHANGE_TABLE],
    MeshOperatorPolicy: [CHANGE_TABLE, READ_TABLE],
    MeshTruststorePublisherRoleDefaultPolicy: [PUBLISH_TRUSTSTORE, READ_TABLE],
  };
  const added = Object.entries(policies).flatMap(([policy, texts]) => texts.map((text) => `${policy}: ${text}`));
  expect(permissions.filter((permission) => !permission.startsWith('Key'))).toEqual(
    [...STATEMENTS, ...STATEMENTS_FOR_OPERATORS, ...added].sort(),
  );
});

test('a function in a VPC, or with traces, may do what Lambda does for it, and its code may not', () => {
  const permissions = permissionsOfMesh(
    RemovalPolicy.RETAIN,
    () => undefined,
    (stack) => ({ vpc: new ec2.Vpc(stack, 'Vpc'), tracing: lambda.Tracing.ACTIVE }),
  );
  const interfaces =
    'ec2:AssignPrivateIpAddresses, ec2:CreateNetworkInterface, ec2:DeleteNetworkInterface, ' +
    'ec2:DescribeNetworkInterfaces, ec2:DescribeSubnets, ec2:UnassignPrivateIpAddresses on *';
  const functions = 'arn:{AWS::Partition}:lambda:{AWS::Region}:{AWS::AccountId}:function:*';
  const roles = ['GatewayAuthorizer', 'TruststorePublisher'].concat(
    ['Deployment', 'Maintenance', 'Revocation', 'Rotation'].map((id) => `Issuer${id}`),
  );
  const added = roles.flatMap((role) =>
    [
      `Allow ${interfaces}`,
      `Deny ${interfaces} if lambda:SourceFunctionArn ArnLike ${functions}`,
      'Allow xray:PutTraceSegments, xray:PutTelemetryRecords on *',
    ].map((text) => `Mesh${role}RoleDefaultPolicy: ${text}`),
  );
  expect(permissions).toEqual([...STATEMENTS, ...added].sort());
});
