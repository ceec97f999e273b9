import { FakeCloud, templateOf } from './fake-cloud';

const ARN = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:key-AbCdEf';

function cloudWithSecrets() {
  const cloud = new FakeCloud();
  cloud.secrets.set('key', 'one').set('key AWSPREVIOUS', 'zero').set(ARN, '{"a":"of a","n":7,"b":true,"o":{}}');
  cloud.parameters.set('/mail/host', 'of ssm').set('/mail/host 2', 'of version 2').set('secure password', 'of secure');
  return cloud;
}

async function sizeOf(Size: unknown): Promise<unknown> {
  const cloud = cloudWithSecrets();
  await cloud.stack().create(templateOf({ A: { Size } }));
  return cloud.things.get('A-1')?.['Size'];
}

test.each([
  ['{{resolve:secretsmanager:key}}', 'one'],
  ['{{resolve:secretsmanager:key:SecretString}}', 'one'],
  ['{{resolve:secretsmanager:key:SecretString:::}}', 'one'],
  ['{{resolve:secretsmanager:key:::AWSPREVIOUS:}}', 'zero'],
  ['{{resolve:secretsmanager:key:SecretString::AWSPREVIOUS}}', 'zero'],
  [`{{resolve:secretsmanager:${ARN}:SecretString:a::}}`, 'of a'],
  [`{{resolve:secretsmanager:${ARN}:SecretString:n::}}`, '7'],
  [`{{resolve:secretsmanager:${ARN}:SecretString:b}}`, 'true'],
  ['a {{resolve:secretsmanager:key}}, {{resolve:secretsmanager:key}} b', 'a one, one b'],
  [
    { List: ['{{resolve:secretsmanager:key}}'], Number: 7 },
    { List: ['one'], Number: 7 },
  ],
  ['{{resolve:ssm:/mail/host}}', 'of ssm'],
  ['{{resolve:ssm:/mail/host:2}}', 'of version 2'],
  ['{{resolve:ssm-secure:password}}', 'of secure'],
])('%j becomes %j', async (reference, expected) => {
  expect(await sizeOf(reference)).toEqual(expected);
});

test('a secret of the same stack is made first', async () => {
  const cloud = cloudWithSecrets();
  cloud.secrets.set('A-1', 'of A');
  const Size = { 'Fn::Join': ['', ['{{resolve:secretsmanager:', { Ref: 'A' }, ':SecretString:::}}']] };
  await cloud.stack().create(templateOf({ B: { Size }, A: {} }));
  expect(cloud.things.get('B-2')).toEqual({ Size: 'of A' });
});

test('a new version of the secret changes nothing until the reference changes', async () => {
  const cloud = cloudWithSecrets();
  const stack = cloud.stack();
  await stack.create(templateOf({ A: { Size: '{{resolve:secretsmanager:key}}' } }));
  cloud.secrets.set('key', 'two').set('key v2', 'two');
  await stack.update(templateOf({ A: { Size: '{{resolve:secretsmanager:key}}' } }));
  expect(cloud.things.get('A-1')).toEqual({ Size: 'one' });
  await stack.update(templateOf({ A: { Size: '{{resolve:secretsmanager:key::::v2}}' } }));
  expect(cloud.things.get('A-1')).toEqual({ Size: 'two' });
});

test('the properties of the stack show the reference and not the secret', async () => {
  const stack = cloudWithSecrets().stack();
  await stack.create(templateOf({ A: { Size: '{{resolve:secretsmanager:key}}' } }));
  expect(stack.resources.get('A')?.properties).toEqual({ Size: '{{resolve:secretsmanager:key}}' });
});

test.each([
  [
    '{{resolve:ssm:/other}}',
    '{{resolve:ssm:/other}} does not resolve: no such parameter; give its value by the parameter ssm:/other, or declare it',
  ],
  ['{{resolve:ssm:password}}', 'does not resolve: no such parameter'],
  ['{{resolve:ssm-secure:/mail/host}}', 'give its value by the parameter ssm-secure:/mail/host'],
  ['{{resolve:ssm:/mail/host:3}}', 'no such parameter'],
  ['{{resolve:ssm:/mail/host:0}}', 'is malformed'],
  ['{{resolve:ssm:/mail/host:x}}', 'is malformed'],
  ['{{resolve:ssm}}', 'the dynamic reference {{resolve:ssm}} is malformed'],
  ['{{resolve:secretsmanager}}', 'the dynamic reference {{resolve:secretsmanager}} is malformed'],
  ['{{resolve:vault:x}}', 'the sandbox does not support the dynamic reference {{resolve:vault:x}}'],
  ['{{resolve::x}}', 'the sandbox does not support the dynamic reference {{resolve::x}}'],
  ['{{resolve:secretsmanager:}}', 'the dynamic reference {{resolve:secretsmanager:}} is malformed'],
  ['{{resolve:secretsmanager:key:SecretString:a:b:c:d}}', 'is malformed'],
  ['{{resolve:secretsmanager:key:SecretBinary}}', 'must have SecretString after the secret, got SecretBinary'],
  ['{{resolve:secretsmanager:key:SecretString::s:v}}', 'must not have both a version stage and a version ID'],
  [
    '{{resolve:secretsmanager:other}}',
    '{{resolve:secretsmanager:other}} does not resolve: no such secret; give its value by the parameter secretsmanager:other',
  ],
  ['{{resolve:secretsmanager:key:SecretString:a}}', 'does not resolve: the secret is not JSON'],
  [`{{resolve:secretsmanager:${ARN}:SecretString:o}}`, 'the secret has no text at the key o'],
  [`{{resolve:secretsmanager:${ARN}:SecretString:__proto__}}`, 'the secret has no text at the key __proto__'],
])('%s is refused', async (reference, reason) => {
  const error: Error = await sizeOf(reference).then(fail, (cause) => cause);
  expect(error.message).toContain(reason);
  expect(error.message).not.toMatch(/one|of [a-z]/);
});

test('an output has parameters, and never secrets', async () => {
  const outputs = (Value: string) => templateOf({}, { Outputs: { O: { Value } } });
  const stack = cloudWithSecrets().stack();
  await stack.create(outputs('host {{resolve:ssm:/mail/host}}'));
  expect(stack.outputs).toEqual({ O: 'host of ssm' });
  for (const reference of ['{{resolve:secretsmanager:key}}', '{{resolve:ssm-secure:password}}']) {
    await expect(cloudWithSecrets().stack().create(outputs(reference))).rejects.toThrow(
      `output O must not have the dynamic reference ${reference}`,
    );
  }
});

test('a parameter of the template that no SSM parameter has is refused before anything is made, if it is needed', async () => {
  const Parameters = { P: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/mail/host' } };
  const cloud = cloudWithSecrets();
  await cloud.stack().create(templateOf({ A: { Size: { Ref: 'P' } } }, { Parameters }));
  expect(cloud.things.get('A-1')).toEqual({ Size: 'of ssm' });

  const missing = { P: { ...Parameters.P, Default: '/other' } };
  const other = cloudWithSecrets();
  await other.stack().create(templateOf({ A: {} }, { Parameters: missing }));
  const needed = templateOf({ B: {}, A: { Size: { Ref: 'P' }, Needs: { Ref: 'B' } } }, { Parameters: missing });
  await expect(other.stack().create(needed)).rejects.toThrow('parameter P needs the value of the SSM parameter /other');
  expect(other.calls).toEqual(['create A-1']);
});

test('a custom resource never gets a secret', async () => {
  const cloud = cloudWithSecrets();
  const custom = { ...cloud.thing, properties: {}, otherProperties: 'mutable', dynamicReferences: 'refused' } as const;
  const stack = cloud.stack({ otherTypes: { 'Custom::Thing': custom } });
  const template = templateOf({
    A: { Type: 'Custom::Thing', Properties: { Nested: [{ Size: 'x{{resolve:secretsmanager:key}}' }] } },
  });
  await expect(stack.create(template)).rejects.toThrow(
    'a custom resource can not have the dynamic reference {{resolve:secretsmanager:key}}',
  );
  expect(cloud.things.size).toBe(0);
  const plain = templateOf({ A: { Type: 'Custom::Thing', Properties: { Size: '{{resolve:ssm:/mail/host}}' } } });
  await cloud.stack({ otherTypes: { 'Custom::Thing': custom } }).create(plain);
  expect([...cloud.things.values()]).toEqual([{ Size: 'of ssm' }]);
});

function fail(): never {
  throw new Error('the stack must not be made');
}
