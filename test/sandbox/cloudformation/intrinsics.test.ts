import fc from 'fast-check';
import { evaluateCondition, NO_VALUE, resolve, type Scope } from '../../../sandbox/cloudformation/intrinsics';
import { referencesIn } from '../../../sandbox/cloudformation/references';

const NAMES: Readonly<Record<string, unknown>> = {
  'AWS::Region': 'us-east-1',
  'AWS::NoValue': NO_VALUE,
  Bucket: 'events-bucket',
  Zones: ['a', 'b', 'c'],
  Port: 8443,
};

const scope: Scope = {
  ref: (name) => {
    if (!Object.hasOwn(NAMES, name)) throw new Error(`unknown name ${name}`);
    return NAMES[name];
  },
  attribute: (logicalId, attribute) => `${logicalId}/${attribute}`,
  importValue: (name) => `exported ${name}`,
  stackOutput: (stack, output) => `${output} of ${stack}`,
  condition: (name) => name === 'Yes',
  mappings: { Sizes: { small: { memory: 128, zones: ['a'] } } },
};

const value = (template: unknown) => resolve(template, scope);
const holds = (condition: unknown) => evaluateCondition(condition, scope);

test.each([
  ['Fn::ImportValue', { 'Fn::ImportValue': { 'Fn::Sub': '${Bucket}:Arn' } }, 'exported events-bucket:Arn'],
  [
    'Fn::GetStackOutput',
    { 'Fn::GetStackOutput': { StackName: 'A', OutputName: { Ref: 'Bucket' }, Region: { Ref: 'AWS::Region' } } },
    'events-bucket of A',
  ],
  ['Fn::GetAZs', { 'Fn::GetAZs': '' }, ['us-east-1a', 'us-east-1b', 'us-east-1c']],
  ['Fn::GetAZs of a Region', { 'Fn::GetAZs': 'eu-west-1' }, ['eu-west-1a', 'eu-west-1b', 'eu-west-1c']],
  ['Fn::Cidr', { 'Fn::Cidr': ['10.0.0.0/16', 2, '8'] }, ['10.0.0.0/24', '10.0.1.0/24']],
  ['Ref', { Ref: 'Bucket' }, 'events-bucket'],
  ['Fn::GetAtt as a list', { 'Fn::GetAtt': ['Bucket', 'Arn'] }, 'Bucket/Arn'],
  ['Fn::GetAtt with a dotted attribute', { 'Fn::GetAtt': 'Endpoint.Address.Port' }, 'Endpoint/Address.Port'],
  ['Fn::GetAtt with a computed attribute', { 'Fn::GetAtt': ['Bucket', { Ref: 'AWS::Region' }] }, 'Bucket/us-east-1'],
  ['Fn::Join', { 'Fn::Join': ['-', ['a', { Ref: 'Port' }, true]] }, 'a-8443-true'],
  ['Fn::Join of a list from elsewhere', { 'Fn::Join': ['', { Ref: 'Zones' }] }, 'abc'],
  ['Fn::Sub', { 'Fn::Sub': '${Bucket}.${Bucket.Arn}.${AWS::Region}' }, 'events-bucket.Bucket/Arn.us-east-1'],
  ['Fn::Sub with variables', { 'Fn::Sub': ['${x}/${Bucket}', { x: { Ref: 'Port' } }] }, '8443/events-bucket'],
  ['Fn::Sub with a literal', { 'Fn::Sub': '${!context.authorizer}' }, '${context.authorizer}'],
  ['Fn::Sub with a dollar sign in a value', { 'Fn::Sub': ['${x}', { x: '$&$1' }] }, '$&$1'],
  ['Fn::Select', { 'Fn::Select': ['1', { Ref: 'Zones' }] }, 'b'],
  ['Fn::Split', { 'Fn::Split': ['/', { 'Fn::GetAtt': ['Bucket', 'Arn'] }] }, ['Bucket', 'Arn']],
  ['Fn::If', [{ 'Fn::If': ['Yes', 1, 2] }, { 'Fn::If': ['No', 1, 2] }], [1, 2]],
  ['Fn::FindInMap', { 'Fn::FindInMap': ['Sizes', 'small', 'memory'] }, 128],
  ['Fn::Base64', { 'Fn::Base64': { 'Fn::Sub': '${Port}' } }, 'ODQ0Mw=='],
])('%s', (_, template, expected) => {
  expect(value(template)).toEqual(expected);
});

test('AWS::NoValue leaves out the property or the item that holds it', () => {
  const absent = { 'Fn::If': ['No', 'here', { Ref: 'AWS::NoValue' }] };
  expect(value({ kept: 1, left: absent, list: ['a', absent] })).toEqual({ kept: 1, list: ['a'] });
});

test.each([
  [{ 'Fn::Equals': [{ Ref: 'Port' }, '8443'] }, true],
  [{ 'Fn::Not': [{ Condition: 'Yes' }] }, false],
  [{ 'Fn::And': [{ Condition: 'Yes' }, { Condition: 'No' }] }, false],
  [{ 'Fn::Or': [{ Condition: 'Yes' }, { Condition: 'No' }] }, true],
])('condition %j is %s', (condition, expected) => {
  expect(holds(condition)).toBe(expected);
});

test.each([
  [{ 'Fn::ImportValue': ['other'] }, 'Fn::ImportValue must have a string'],
  [{ 'Fn::GetStackOutput': 'other' }, 'Fn::GetStackOutput must have a string'],
  [{ 'Fn::GetStackOutput': { StackName: 'A' } }, 'Fn::GetStackOutput must have a string'],
  [{ 'Fn::Cidr': ['10.0.0.0/16'] }, 'Fn::Cidr must have a list of 2 or 3'],
  [{ 'Fn::Transform': 'other' }, 'Fn::Transform is not supported'],
  [{ 'Fn::Equals': [1, 1] }, 'Fn::Equals is not supported by the sandbox as the value of a property'],
  [{ 'Fn::constructor': [] }, 'Fn::constructor is not supported'],
  [{ Ref: 'Bucket', 'Fn::Sub': '' }, 'must stand alone'],
  [{ Ref: ['Bucket'] }, 'Ref must have a plain string'],
  [{ Ref: 'toString' }, 'unknown name toString'],
  [{ 'Fn::GetAtt': 'Bucket' }, 'Fn::GetAtt must have a logical id and an attribute'],
  [{ 'Fn::Join': ['', 'text'] }, 'Fn::Join must have a list'],
  [{ 'Fn::Join': ['', [{ nested: 1 }]] }, 'Fn::Join must have a string'],
  [{ 'Fn::Join': [''] }, 'Fn::Join must have a list of 2'],
  [{ 'Fn::Sub': '${Zones}' }, 'Fn::Sub must have a string'],
  [{ 'Fn::Sub': '${ Bucket }' }, 'unknown name  Bucket '],
  [{ 'Fn::Sub': ['${x}', []] }, 'Fn::Sub must have'],
  [{ 'Fn::Select': [3, { Ref: 'Zones' }] }, 'Fn::Select must have an index below 3, got 3'],
  [{ 'Fn::Select': [-1, { Ref: 'Zones' }] }, 'index below 3, got -1'],
  [{ 'Fn::Split': ['', 'abc'] }, 'Fn::Split must have a delimiter'],
  [{ 'Fn::FindInMap': ['Sizes', 'large', 'memory'] }, 'Fn::FindInMap finds no large'],
  [{ 'Fn::FindInMap': ['Sizes', 'small', 'constructor'] }, 'Fn::FindInMap finds no constructor'],
  [{ 'Fn::If': ['Yes', 1] }, 'Fn::If must have a list of 3'],
  [{ 'Fn::Join': ['', [{ 'Fn::If': ['Yes', { Ref: 'Zones' }, ''] }]] }, 'Fn::Join must have a string'],
])('refuses %j', (template, message) => {
  expect(() => value(template)).toThrow(message);
});

test.each([
  [{ 'Fn::Join': ['', []] }, 'a condition must be one of'],
  [{ Condition: 'Yes', 'Fn::Not': [] }, 'a condition must be one of'],
  ['Yes', 'a condition must be one of'],
  [{ 'Fn::And': [{ Condition: 'Yes' }] }, 'Fn::And must have 2 to 10 conditions'],
  [{ 'Fn::Equals': ['a'] }, 'Fn::Equals must have a list of 2'],
])('refuses the condition %j', (condition, message) => {
  expect(() => holds(condition)).toThrow(message);
});

const plainJson = fc.jsonValue({ maxDepth: 4 }).filter((json) => !/"(Ref|Fn::)|null/.test(JSON.stringify(json)));
const plainText = fc.string().filter((text) => !text.includes('${'));

test('a value without intrinsic functions resolves to itself, whatever its property names', () => {
  fc.assert(fc.property(plainJson, (json) => expect(value(json)).toEqual(json)));
  const hostile: unknown = JSON.parse('{"__proto__":{"polluted":true},"constructor":"x"}');
  expect(JSON.stringify(value(hostile))).toBe(JSON.stringify(hostile));
  expect(Object.getPrototypeOf(value(hostile))).toBe(Object.prototype);
});

test('Fn::Split undoes Fn::Join when no part holds the delimiter', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[^|]*$/), { minLength: 1 }), (parts) => {
      expect(value({ 'Fn::Split': ['|', { 'Fn::Join': ['|', parts] }] })).toEqual(parts);
    }),
  );
});

test('Fn::Sub and Fn::Join make the same text of the same parts', () => {
  fc.assert(
    fc.property(plainText, plainText, (before, after) => {
      const substituted = { 'Fn::Sub': `${before}\${Bucket.Arn}${after}` };
      const joined = { 'Fn::Join': ['', [before, { 'Fn::GetAtt': ['Bucket', 'Arn'] }, after]] };
      expect(value(substituted)).toBe(value(joined));
    }),
  );
});

test('Fn::Base64 is what Node decodes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(Buffer.from(String(value({ 'Fn::Base64': text })), 'base64').toString()).toBe(text);
    }),
  );
});

test('every name that a value asks for while it is resolved is among its references', () => {
  const name = fc.constantFrom('Bucket', 'Role', 'Key');
  const { template } = fc.letrec((tie) => ({
    template: fc.oneof(
      { maxDepth: 4 },
      fc.constant('text'),
      name.map((id) => ({ Ref: id })),
      name.map((id) => ({ 'Fn::GetAtt': [id, 'Arn'] })),
      name.map((id) => ({ 'Fn::Sub': `\${${id}}-\${!Literal}` })),
      name.map((id) => ({ 'Fn::Sub': ['${x}', { x: { Ref: id } }] })),
      fc.tuple(tie('template'), tie('template')).map(([a, b]) => ({ 'Fn::If': ['Yes', a, b] })),
      fc.array(tie('template'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b'), tie('template')),
    ),
  }));
  fc.assert(
    fc.property(template, (json) => {
      const asked = new Set<string>();
      const note = (id: string) => {
        asked.add(id);
        return id;
      };
      resolve(json, { ...scope, ref: note, attribute: note });
      expect(referencesIn(json, scope.condition)).toEqual(asked);
    }),
  );
});
