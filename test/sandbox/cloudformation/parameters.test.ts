import { parameterValues } from '../../../sandbox/cloudformation/parameters';

const SSM: Readonly<Record<string, string>> = { '/mail/host': 'mail.example.com', '/zones': 'a, b' };
const reads: string[] = [];

function readSsm(name: string): string {
  reads.push(name);
  const value = SSM[name];
  if (value === undefined) throw new Error('there is none');
  return value;
}

const one = (declaration: object, given?: string) =>
  parameterValues({ P: { Type: 'String', ...declaration } }, given === undefined ? {} : { P: given }, readSsm).get(
    'P',
  )?.();

test('a given value wins over the default', () => {
  expect(one({ Default: 'a' })).toBe('a');
  expect(one({ Default: 'a' }, 'b')).toBe('b');
});

test('a list type becomes a list without the blanks around its items', () => {
  expect(one({ Type: 'CommaDelimitedList', Default: 'a, b' })).toEqual(['a', 'b']);
  expect(one({ Type: 'List<Number>' }, '1,2')).toEqual(['1', '2']);
});

test('a parameter that names an SSM parameter has the value of that one', () => {
  const Type = 'AWS::SSM::Parameter::Value<String>';
  expect(one({ Type, Default: '/mail/host' })).toBe('mail.example.com');
  expect(one({ Type, Default: '/other' }, '/mail/host')).toBe('mail.example.com');
  expect(one({ Type: 'AWS::SSM::Parameter::Value<List<String>>', Default: '/zones' })).toEqual(['a', 'b']);
  expect(one({ Type: 'AWS::SSM::Parameter::Value<CommaDelimitedList>', Default: '/zones' })).toEqual(['a', 'b']);
});

test('an SSM parameter that does not exist is named, never passed as its name', () => {
  const declaration = { Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: '/aws/service/ami' };
  expect(() => one(declaration)).toThrow(
    'parameter P needs the value of the SSM parameter /aws/service/ami: there is none; ' +
      'give it by the parameter ssm:/aws/service/ami, or declare it in the app',
  );
});

test('an SSM parameter is read when it is needed, and once', () => {
  const Type = 'AWS::SSM::Parameter::Value<String>';
  reads.length = 0;
  const values = parameterValues(
    { Bootstrap: { Type, Default: '/x' }, Host: { Type, Default: '/mail/host' } },
    {},
    readSsm,
  );
  expect([values.get('Host')?.(), values.get('Host')?.()]).toEqual(['mail.example.com', 'mail.example.com']);
  expect(reads).toEqual(['/mail/host']);
});

test.each([
  ['no value', {}, undefined, 'parameter P must be given, since it has no default'],
  ['a value outside AllowedValues', { AllowedValues: ['a', 'b'] }, 'c', 'must be one of a, b, got "c"'],
  ['a value that only holds the pattern', { AllowedPattern: '[a-z]+' }, 'abc1', 'must match [a-z]+'],
  ['too short a value', { MinLength: '2' }, 'a', 'must have at least 2 characters'],
  ['too long a value', { MaxLength: 2 }, 'abc', 'must have at most 2 characters'],
  ['too small a number', { Type: 'Number', MinValue: 3 }, '2', 'must be at least 3'],
  ['too big a number', { Type: 'Number', MaxValue: 3 }, '4', 'must be at most 3'],
  ['text for a number', { Type: 'Number' }, 'four', 'must be a number'],
  ['one bad item of a list', { Type: 'List<Number>' }, '1,x', 'must be a number, got "x"'],
])('refuses %s', (_, declaration, given, message) => {
  expect(() => one(declaration, given)).toThrow(message);
});

test('a secret value is not repeated when it is refused', () => {
  expect(() => one({ NoEcho: true, MaxLength: 3 }, 'hunter2')).toThrow(/^parameter P must have at most 3 characters$/);
});

test('a value for a parameter that is not in the template is refused', () => {
  expect(() => parameterValues({ Domain: {} }, { Domian: 'x' }, readSsm)).toThrow(
    'parameter Domian is not in the template, which has Domain',
  );
});
