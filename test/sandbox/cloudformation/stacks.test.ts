import { SANDBOX_ACCOUNT } from '../../../sandbox/account';
import { Stacks } from '../../../sandbox/cloudformation/stacks';
import { AccessDenied, type AwsCall } from '../../../sandbox/endpoint/api';
import { send } from '../services/serve';
import { FakeCloud, templateOf } from './fake-cloud';

const VERSION = 'Version=2010-05-15';

function stacks() {
  const known = new Stacks(SANDBOX_ACCOUNT);
  const cloud = new FakeCloud();
  const stack = cloud.stack();
  known.add(stack);
  return { known, cloud, stack };
}

async function ask({ api }: Stacks, form: string) {
  const { status, body } = await send(api, { body: form });
  return { status, xml: String(body) };
}

test('a stack is described by its id and by its name, with what it puts out', async () => {
  const { known, stack } = stacks();
  await stack.create(templateOf({ Thing: { Size: 1 } }, { Outputs: { Greeting: { Value: 'a < b & c' } } }));
  for (const name of [stack.id, 'Mesh']) {
    const { status, xml } = await ask(known, `Action=DescribeStacks&${VERSION}&StackName=${encodeURIComponent(name)}`);
    expect(status).toBe(200);
    expect(xml).toContain('<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">');
    expect(xml).toMatch(
      /<DescribeStacksResult><Stacks><member><StackId>arn:aws:cloudformation:us-east-1:123456789012:stack\/Mesh\/[0-9a-f-]{36}<\/StackId><StackName>Mesh<\/StackName><CreationTime>[^<]+Z<\/CreationTime><StackStatus>CREATE_COMPLETE<\/StackStatus>/,
    );
    expect(xml).toContain('<OutputKey>Greeting</OutputKey><OutputValue>a &#60; b &#38; c</OutputValue>');
  }
});

test('a stack has the status of what is being done to it', async () => {
  const { known, stack, cloud } = stacks();
  await stack.create(templateOf({ Thing: { Size: 1 } }));
  const seen: (string | undefined)[] = [];
  const { update } = cloud.thing;
  cloud.thing.update = async (...change) => {
    const { xml } = await ask(known, `Action=DescribeStacks&${VERSION}&StackName=Mesh`);
    seen.push(/<StackStatus>(.*)<\/StackStatus>/.exec(xml)?.[1]);
    return update(...change);
  };
  cloud.broken.set('update Thing', 1);
  await expect(stack.update(templateOf({ Thing: { Size: 2 } }))).rejects.toThrow();
  expect(seen).toEqual(['UPDATE_IN_PROGRESS', 'UPDATE_ROLLBACK_IN_PROGRESS']);
});

test('a stack that is deleted is known by its id alone', async () => {
  const { known, stack } = stacks();
  await stack.create(templateOf({}));
  await stack.delete();
  const answers = [stack.id, 'Mesh'].map((name) =>
    ask(known, `Action=DescribeStacks&${VERSION}&StackName=${encodeURIComponent(name)}`),
  );
  const [byId, byName] = await Promise.all(answers);
  expect(byId?.xml).toContain('<StackStatus>DELETE_COMPLETE</StackStatus>');
  expect(byName?.xml).toContain('Stack with id Mesh does not exist');
});

test.each([
  [`Action=DescribeStacks&${VERSION}&StackName=Other`, 'ValidationError', 'Stack with id Other does not exist'],
  [`Action=DescribeStacks&${VERSION}&StackName=Mesh`, 'ValidationError', 'Stack with id Mesh does not exist'],
  [
    `Action=DescribeStacks&${VERSION}&StackName=Mesh&Other=x`,
    'ValidationError',
    'the parameter Other of DescribeStacks',
  ],
  [`Action=DescribeStackEvents&${VERSION}&StackName=Mesh`, 'ValidationError', 'Stack with id Mesh does not exist'],
  [`Action=ListStackResources&${VERSION}`, 'ValidationError', 'Stack with id  does not exist'],
  [`Action=DeleteStack&${VERSION}&StackName=Mesh`, 'InvalidAction', 'does not support cloudformation:DeleteStack'],
  [`Action=toString&${VERSION}`, 'InvalidAction', 'does not support cloudformation:toString'],
  ['Action=DescribeStacks&Version=2009-01-01&StackName=Mesh', 'InvalidAction', 'of version 2009-01-01'],
  ['Action=DescribeStacks&StackName=Mesh', 'InvalidAction', 'of version undefined'],
  ['', 'InvalidAction', 'does not support cloudformation: of version undefined'],
  ['{"Action":"DescribeStacks"}', 'InvalidAction', 'does not support cloudformation:'],
])('%j fails as %s: %s', async (form, code, message) => {
  // The stack is known, but was never made.
  const { status, xml } = await ask(stacks().known, form);
  expect(status).toBe(400);
  expect(xml).toMatch(
    new RegExp(`<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>[^<]*${message}`),
  );
});

test('all stacks are listed, and those that are deleted by their status alone', async () => {
  const { known, cloud, stack } = stacks();
  await stack.create(templateOf({}));
  const other = cloud.stack();
  known.add(other);
  await other.create(templateOf({}));
  await stack.delete();
  const ids = async (form: string) =>
    [...(await ask(known, form)).xml.matchAll(/<StackId>(.*?)<\/StackId>/g)].map(([, id]) => id);

  await expect(ids(`Action=ListStacks&${VERSION}`)).resolves.toEqual([other.id, stack.id]);
  const deleted = `Action=ListStacks&${VERSION}&StackStatusFilter.member.1=DELETE_COMPLETE`;
  await expect(ids(deleted)).resolves.toEqual([stack.id]);
  await expect(ids(`Action=DescribeStacks&${VERSION}`)).resolves.toEqual([other.id]);
});

test('the resources of a stack are listed with what has happened to them, and its events newest first', async () => {
  const { known, stack } = stacks();
  await stack.create(templateOf({ Thing: { Size: 1 }, Another: { Size: 2 } }));
  const { physicalId } = stack.resources.get('Thing')?.resource ?? {};
  const elements = ({ xml }: { xml: string }, name: string) =>
    [...xml.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, 'g'))].map(([, text]) => text);

  const all = await ask(known, `Action=DescribeStackResources&${VERSION}&StackName=Mesh`);
  expect(elements(all, 'LogicalResourceId')).toEqual(['Another', 'Thing']);
  expect(elements(all, 'ResourceStatus')).toEqual(['CREATE_COMPLETE', 'CREATE_COMPLETE']);

  const byPhysicalId = `Action=DescribeStackResources&${VERSION}&PhysicalResourceId=${physicalId}`;
  expect(elements(await ask(known, byPhysicalId), 'LogicalResourceId')).toEqual(['Thing']);
  const summaries = await ask(known, `Action=ListStackResources&${VERSION}&StackName=Mesh`);
  expect(elements(summaries, 'PhysicalResourceId')).toContain(physicalId);
  const one = `Action=DescribeStackResource&${VERSION}&StackName=Mesh&LogicalResourceId=`;
  expect(elements(await ask(known, `${one}Thing`), 'PhysicalResourceId')).toEqual([physicalId]);
  expect((await ask(known, `${one}Missing`)).xml).toContain('Resource Missing does not exist for stack Mesh');

  const events = await ask(known, `Action=DescribeStackEvents&${VERSION}&StackName=Mesh`);
  expect(elements(events, 'LogicalResourceId')[0]).toBe('Mesh');
  expect(elements(events, 'ResourceStatus').at(-1)).toBe('CREATE_IN_PROGRESS');
  expect(new Set(elements(events, 'EventId')).size).toBe(stack.events.length);
});

test('whether there is a stack learns only who may ask for it', async () => {
  const { known, stack } = stacks();
  await stack.create(templateOf({}));
  const asked: string[] = [];
  const authorize: AwsCall['authorize'] = (action, resource) => {
    asked.push(`${action} ${resource}`);
    throw new AccessDenied('not allowed');
  };
  for (const name of ['Mesh', 'Other', 'arn:aws:cloudformation:us-east-1:123456789012:stack/Other/1']) {
    const body = Buffer.from(`Action=DescribeStacks&${VERSION}&StackName=${name}`);
    const caller = { principalArn: 'arn:aws:iam::123456789012:role/tester', accessKeyId: 'AKIDEXAMPLE' };
    const call = { method: 'POST', path: '/', query: new URLSearchParams(), headers: {}, body, caller, authorize };
    const { status, body: xml } = await known.api.handle(call);
    expect([status, String(xml)]).toEqual([403, expect.stringContaining('<Code>AccessDenied</Code>')]);
  }
  expect(asked).toEqual([
    `cloudformation:DescribeStacks ${stack.id}`,
    'cloudformation:DescribeStacks arn:aws:cloudformation:us-east-1:123456789012:stack/Other/*',
    'cloudformation:DescribeStacks arn:aws:cloudformation:us-east-1:123456789012:stack/Other/1',
  ]);
});

test('a call tells what it asks for', () => {
  const describe = (form: string) =>
    stacks().known.api.describe({
      method: 'POST',
      path: '/',
      query: new URLSearchParams(),
      headers: {},
      body: Buffer.from(form),
    });
  expect(describe(`Action=DescribeStacks&${VERSION}&StackName=Mesh`)).toEqual({
    operation: 'DescribeStacks',
    input: { StackName: 'Mesh' },
  });
  expect(describe('\u0000')).toMatchObject({ operation: '' });
});

describe('what a stack exports', () => {
  const exporting = (Value: unknown, Name: unknown = 'shared') =>
    templateOf({ T: { Size: 1 } }, { Outputs: { O: { Value, Export: { Name } } } });
  const importing = (name: unknown = 'shared') => templateOf({ T: { Size: { 'Fn::ImportValue': name } } });

  function two() {
    const cloud = new FakeCloud();
    return { cloud, producer: cloud.stack({ name: 'Producer' }), consumer: cloud.stack({ name: 'Consumer' }) };
  }

  test('is imported by others, by a name that functions can make', async () => {
    const { cloud, producer, consumer } = two();
    await producer.create(exporting({ Ref: 'T' }, { 'Fn::Sub': '${AWS::StackName}:T' }));
    await consumer.create(importing({ 'Fn::Join': [':', ['Producer', 'T']] }));
    expect(cloud.things.get('T-2')).toEqual({ Size: 'T-1' });
  });

  test('must exist', async () => {
    await expect(two().consumer.create(importing())).rejects.toThrow('No export named shared found.');
  });

  test('stays as it is while it is imported', async () => {
    const { producer, consumer } = two();
    await producer.create(exporting('one'));
    await consumer.create(importing());
    await expect(producer.delete()).rejects.toThrow('Export shared cannot be deleted as it is in use by Consumer');
    await expect(producer.update(exporting('two'))).rejects.toThrow(
      'Export shared cannot be updated as it is in use by Consumer',
    );
    await expect(producer.update(templateOf({ T: { Size: 1 } }))).rejects.toThrow('cannot be deleted as it is in use');
    expect([producer.status, producer.outputs, [...producer.resources.keys()]]).toEqual([
      'UPDATE_ROLLBACK_COMPLETE',
      { O: 'one' },
      ['T'],
    ]);
    await consumer.update(templateOf({ T: { Size: 2 } }));
    await producer.update(exporting('two'));
    await consumer.update(importing());
    await consumer.delete();
    await producer.delete();
  });

  test('has a name of its own', async () => {
    const { producer, consumer } = two();
    await producer.create(exporting('one'));
    await expect(consumer.create(exporting('two'))).rejects.toThrow(
      'Export with name shared is already exported by stack Producer',
    );
    const twice = { A: { Value: '1', Export: { Name: 'x' } }, B: { Value: '2', Export: { Name: 'x' } } };
    await expect(two().producer.create(templateOf({}, { Outputs: twice }))).rejects.toThrow(
      'outputs A and B have the export x',
    );
  });
});

test('a weak reference reads an output, and holds nothing back', async () => {
  const cloud = new FakeCloud();
  const producer = cloud.stack({ name: 'Producer' });
  const consumer = cloud.stack({ name: 'Consumer' });
  const weak = (OutputName: string, StackName = 'Producer') =>
    templateOf({ T: { Size: { 'Fn::GetStackOutput': { StackName, OutputName, Region: 'us-east-1' } } } });
  await producer.create(templateOf({}, { Outputs: { O: { Value: 'one' } } }));
  await consumer.create(weak('O'));
  expect(cloud.things.get('T-1')).toEqual({ Size: 'one' });
  await expect(consumer.update(weak('P'))).rejects.toThrow('stack Producer has no output P');
  await expect(consumer.update(weak('constructor'))).rejects.toThrow('stack Producer has no output constructor');
  await expect(consumer.update(weak('O', 'Ghost'))).rejects.toThrow('stack Ghost has no output O');
  await producer.delete();
});
