import { readTemplate } from '../../../sandbox/cloudformation/template';

const read = (template: unknown) => readTemplate(JSON.stringify(template));
const bucket = (attributes: object = {}) => ({ Resources: { Bucket: { Type: 'AWS::S3::Bucket', ...attributes } } });

test('reads a resource with its policies and the construct that made it', () => {
  const template = read(
    bucket({
      Properties: { BucketName: 'events' },
      DependsOn: 'Role',
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Metadata: { 'aws:cdk:path': 'Schedule/Bucket/Resource' },
    }),
  );
  expect(template.resources['Bucket']).toEqual({
    type: 'AWS::S3::Bucket',
    properties: { BucketName: 'events' },
    dependsOn: ['Role'],
    deletionPolicy: 'RetainExceptOnCreate',
    updateReplacePolicy: 'Retain',
    constructPath: 'Schedule/Bucket/Resource',
  });
});

test('passes over what the CDK adds for AWS alone: its metadata and the rule that asks for a bootstrapped account', () => {
  const template = read({
    Rules: { CheckBootstrapVersion: { Assertions: [] } },
    Resources: { CDKMetadata: { Type: 'AWS::CDK::Metadata' } },
  });
  expect(template.resources).toEqual({});
});

test.each([
  ['text that is no JSON', 'Resources: {}', 'the template must be JSON'],
  ['a list', '[]', 'the template must be an object'],
  ['an unknown section', '{"Transform":"AWS::Serverless-2016-10-31"}', 'Transform in the template is not supported'],
  ['an unknown rule', '{"Rules":{"OnlyOnFridays":{}}}', 'rule OnlyOnFridays is not supported'],
  ['an unknown attribute', JSON.stringify(bucket({ Hooks: {} })), 'Hooks in resource Bucket is not'],
  ['an unknown policy', JSON.stringify(bucket({ DeletionPolicy: 'Keep' })), 'DeletionPolicy of resource Bucket'],
  [
    'a null',
    JSON.stringify(bucket({ Properties: { Name: null } })),
    'null is not allowed in a template, got it for Name',
  ],
  ['a resource without a type', '{"Resources":{"Bucket":{}}}', 'type of resource Bucket must be a string'],
  ['a logical id with a dot', '{"Resources":{"a.b":{"Type":"T"}}}', 'resource a.b must have an alphanumeric'],
  [
    'the logical id __proto__',
    '{"Resources":{"__proto__":{"Type":"T"}}}',
    'resource __proto__ must have an alphanumeric',
  ],
  ['a dependency that is no name', JSON.stringify(bucket({ DependsOn: [7] })), 'DependsOn of resource Bucket'],
  ['properties that are a list', JSON.stringify(bucket({ Properties: [] })), 'properties of resource Bucket must be'],
  ['an output without a value', '{"Outputs":{"Url":{}}}', 'output Url must have a Value'],
])('refuses %s by name', (_, json, message) => {
  expect(() => readTemplate(json)).toThrow(message);
});
