import { SANDBOX_ACCOUNT } from '../../../sandbox/account';
import type { Properties } from '../../../sandbox/cloudformation/resource-type';
import { standInType } from '../../../sandbox/cloudformation/stand-in';
import { FakeCloud, templateOf } from './fake-cloud';

const ENDPOINT = 'http://127.0.0.1:4711';
const standIn = (type: string, packages: readonly string[] = []) =>
  standInType(type, {
    account: SANDBOX_ACCOUNT,
    endpointUrl: ENDPOINT,
    supplies: (packageName) => packages.includes(packageName),
  });

async function made(type: string, properties: Properties = {}) {
  const found = standIn(type);
  if (found === undefined) throw new Error(`${type} must stand in`);
  const resource = await found.create({ stackName: 'App', stackId: 'id', logicalId: 'Jobs', properties });
  const attribute = (name: string) => found.attribute?.(resource, properties, name);
  return { type: found, resource, attribute };
}

test('a queue has the URL of the sandbox, so that nothing calls AWS, and its ARN and name', async () => {
  const { resource, attribute } = await made('AWS::SQS::Queue', { QueueName: 'jobs' });
  expect(resource.physicalId).toBe(`${ENDPOINT}/123456789012/jobs`);
  expect(attribute('QueueUrl')).toBe(resource.physicalId);
  expect(attribute('Arn')).toBe('arn:aws:sqs:us-east-1:123456789012:jobs');
  expect(attribute('QueueName')).toBe('jobs');
});

test.each([
  ['AWS::EC2::VPC', 'Ref', /^vpc-[0-9a-f]{17}$/],
  ['AWS::EC2::VPC', 'VpcId', /^vpc-[0-9a-f]{17}$/],
  ['AWS::EC2::VPC', 'DefaultSecurityGroup', /^sg-[0-9a-f]{17}$/],
  ['AWS::EC2::SecurityGroup', 'GroupId', /^sg-[0-9a-f]{17}$/],
  ['AWS::EC2::EIP', 'Ref', /^192\.0\.2\.\d{1,3}$/],
  ['AWS::StepFunctions::StateMachine', 'Ref', /^arn:aws:states:us-east-1:123456789012:stateMachine:App-Jobs-\w+$/],
  ['AWS::ECS::TaskDefinition', 'Ref', /^arn:aws:ecs:us-east-1:123456789012:taskDefinition\/App-Jobs-\w+$/],
  ['AWS::IAM::User', 'Arn', /^arn:aws:iam::123456789012:user\/App-Jobs-\w+$/],
  ['AWS::Timestream::Table', 'StreamArn', /^arn:aws:timestream:us-east-1:123456789012:table\/App-Jobs-\w+\/stream\//],
  ['AWS::RDS::DBInstance', 'Endpoint.Address', /^app-jobs-[0-9a-f]+\.rds\.us-east-1\.invalid$/],
  ['AWS::RDS::DBInstance', 'Endpoint.Port', /^\d+$/],
  [
    'AWS::ElasticLoadBalancingV2::LoadBalancer',
    'DNSName',
    /^app-jobs-[0-9a-f]+\.elasticloadbalancingv2\.us-east-1\.invalid$/,
  ],
  ['AWS::CloudFront::Distribution', 'DomainName', /\.invalid$/],
  ['AWS::AppSync::GraphQLApi', 'GraphQLUrl', /^https:\/\/[a-z0-9.-]+\.invalid$/],
  ['AWS::Cognito::UserPool', 'ProviderURL', /^https:\/\/[a-z0-9.-]+\.invalid$/],
  ['AWS::Some::Thing', 'Colour', /^App-Jobs-\w+-Colour$/],
])('%s has for %s a value of the usual form that leads nowhere', async (type, name, form) => {
  const { resource, attribute } = await made(type);
  expect(name === 'Ref' ? resource.physicalId : attribute(name)).toMatch(form);
});

test('lists are lists', async () => {
  const { attribute } = await made('AWS::EC2::VPC');
  expect(attribute('Ipv6CidrBlocks')).toEqual([expect.stringMatching(/^2001:db8:[0-9a-f]{4}::\/56$/)]);
  expect((await made('AWS::ElasticLoadBalancingV2::TargetGroup')).attribute('LoadBalancerArns')).toHaveLength(1);
});

test('a property with the name of an attribute is its value, but never a dynamic reference', async () => {
  expect((await made('AWS::EC2::VPC', { CidrBlock: '10.0.0.0/16' })).attribute('CidrBlock')).toBe('10.0.0.0/16');
  const secret = '{{resolve:secretsmanager:database}}';
  const { resource, attribute } = await made('AWS::RDS::DBInstance', { DBInstanceIdentifier: secret, Port: secret });
  expect(resource.physicalId).toMatch(/^App-Jobs-/);
  expect(attribute('Port')).not.toContain('resolve');
});

test('a custom resource of the CDK for what the sandbox does not have stands in', async () => {
  const { resource } = await made('Custom::S3BucketNotifications', { ServiceToken: 'arn:function' });
  expect(resource.physicalId).toMatch(/^App-Jobs-/);
});

test('the emptying of a bucket stands in only where its function could not load the AWS SDK', () => {
  const properties = { BucketName: 'files' };
  expect(standIn('Custom::S3AutoDeleteObjects')?.notices?.(properties)).toEqual([
    'stands in without @aws-sdk/client-s3 in node_modules',
  ]);
  expect(standIn('Custom::S3AutoDeleteObjects', ['@aws-sdk/client-s3'])).toBeUndefined();
});

test('the attachment of a secret to a database stands for the secret', async () => {
  const { resource } = await made('AWS::SecretsManager::SecretTargetAttachment', { SecretId: 'arn:secret' });
  expect(resource.physicalId).toBe('arn:secret');
});

test('an update keeps the resource, and a new name replaces it', async () => {
  const { type, resource } = await made('AWS::SQS::Queue', {});
  const request = { stackName: 'App', stackId: 'id', logicalId: 'Jobs' };
  const tagged = await type.update({ ...request, properties: { Tags: [] } }, resource, {});
  expect(tagged).toEqual(resource);
  const renamed = await type.update({ ...request, properties: { QueueName: 'other' } }, resource, {});
  expect(renamed.physicalId).toBe(`${ENDPOINT}/123456789012/other`);
});

test.each([
  'AWS::ApiGateway::UsagePlan',
  'AWS::ApiGatewayV2::RoutingRule',
  'AWS::ACMPCA::Connector',
  'AWS::IAM::RolePolicy',
  'AWS::S3::AccessPointPolicy',
  'AWS::Events::EventBusPolicy',
  'AWS::SNS::TopicInlinePolicy',
  'AWS::CloudFormation::CustomResource',
  'AWS::CloudFormation::Macro',
  'Custom::Thing',
  'Alexa::ASK::Skill',
  'AWS::SQS::Queue::MODULE',
])('%s never stands in', (type) => {
  expect(standIn(type)).toBeUndefined();
});

describe('in a stack', () => {
  const app = () => {
    const cloud = new FakeCloud();
    const queue = standIn('AWS::SQS::Queue');
    if (queue === undefined) throw new Error('a queue must stand in');
    return { cloud, stack: cloud.stack({ otherTypes: { 'AWS::SQS::Queue': queue } }) };
  };
  const jobs = { Type: 'AWS::SQS::Queue', Metadata: { 'aws:cdk:path': 'App/Jobs/Resource' }, Properties: {} };

  test('gives others its values, says so in one line, and needs no value of a dynamic reference', async () => {
    const { cloud, stack } = app();
    const Jobs = { ...jobs, Properties: { Secret: '{{resolve:secretsmanager:ghost}}', QueueName: 'jobs' } };
    const template = templateOf({ Jobs, A: { Needs: { 'Fn::GetAtt': ['Jobs', 'Arn'] } } });
    await stack.create(template);
    expect(cloud.things.get('A-1')).toEqual({ Needs: 'arn:aws:sqs:us-east-1:123456789012:jobs' });
    expect(stack.notices).toEqual(['stands in: AWS::SQS::Queue App/Jobs/Resource']);
  });

  test('is named when a resource that depends on it fails', async () => {
    const { cloud, stack } = app();
    cloud.broken.set('create A', 1);
    const template = templateOf({ Jobs: jobs, A: { Needs: { Ref: 'Jobs' } } });
    await expect(stack.create(template)).rejects.toThrow(
      'A: create of A is broken; stands in: AWS::SQS::Queue App/Jobs/Resource',
    );
  });
});

describe('a property without effect', () => {
  const lenient = () => {
    const cloud = new FakeCloud();
    return { cloud, otherTypes: { 'Test::Lenient': { ...cloud.thing, otherProperties: 'ignored' as const } } };
  };
  const thing = (Colour: string) => templateOf({ A: { Type: 'Test::Lenient', Properties: { Size: 1, Colour } } });

  test('is left out, with one line, and its change changes nothing', async () => {
    const { cloud, otherTypes } = lenient();
    const stack = cloud.stack({ otherTypes });
    await stack.create(thing('red'));
    await stack.update(thing('green'));
    expect([...cloud.things]).toEqual([['A-1', { Size: 1 }]]);
    expect(cloud.calls).toEqual(['create A-1']);
    expect(stack.notices).toEqual(['ignores Colour: Test::Lenient A']);
  });

  test('fails by its name in a strict sandbox', async () => {
    const { cloud, otherTypes } = lenient();
    await expect(cloud.stack({ otherTypes, strict: true }).create(thing('red'))).rejects.toThrow('property Colour');
  });

  test('fails in a strict sandbox also when only its value has none', async () => {
    const cloud = new FakeCloud();
    const notices = ({ Size }: Properties) => (Size === 1 ? ['is never that small'] : []);
    const stack = cloud.stack({ otherTypes: { 'Test::Thing': { ...cloud.thing, notices } }, strict: true });
    await expect(stack.create(templateOf({ A: { Size: 1 } }))).rejects.toThrow(
      'the sandbox is strict, and the resource is never that small',
    );
    expect(cloud.things.size).toBe(0);
  });
});
