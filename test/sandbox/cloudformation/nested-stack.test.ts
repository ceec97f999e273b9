import { NestedStacks } from '../../../sandbox/cloudformation/nested-stack';
import type { Template } from '../../../sandbox/cloudformation/template';
import { FakeCloud, templateOf } from './fake-cloud';

function parentWith(templates: Record<string, Template>) {
  const cloud = new FakeCloud();
  const nested = new NestedStacks({
    newStack: (name) => cloud.stack({ name }),
    readTemplate: (key) => {
      const template = templates[key];
      if (template === undefined) throw new Error(`there is no template ${key}`);
      return template;
    },
  });
  const stack = cloud.stack({ otherTypes: { 'AWS::CloudFormation::Stack': nested.resourceType } });
  return { cloud, nested, stack };
}

const child = (key: string, Parameters: object = {}) => ({
  Type: 'AWS::CloudFormation::Stack',
  Properties: { TemplateURL: { 'Fn::Join': ['', ['https://s3.us-east-1.amazonaws.com/assets/', key]] }, Parameters },
});
const sized = (outputs: object = { Thing: { Value: { Ref: 'T' } } }) =>
  templateOf({ T: { Size: { Ref: 'Size' } } }, { Parameters: { Size: { Type: 'String' } }, Outputs: outputs });

test('a nested stack gets parameters and gives outputs', async () => {
  const { cloud, stack, nested } = parentWith({ 'a.json': sized() });
  const parent = templateOf({
    First: { Size: 1 },
    N: child('a.json', { Size: { Ref: 'First' } }),
    Last: { Needs: { 'Fn::GetAtt': ['N', 'Outputs.Thing'] } },
  });
  await stack.create(parent);
  expect([...cloud.things.values()]).toEqual([{ Size: 1 }, { Size: 'First-1' }, { Needs: 'T-2' }]);
  expect(nested.all.map(({ logicalId, stack: { name } }) => [logicalId, name])).toEqual([
    ['N', expect.stringMatching(/^Mesh-N-[0-9A-F]{12}$/)],
  ]);
  await stack.delete();
  expect(cloud.things.size).toBe(0);
  expect(nested.all).toEqual([]);
});

test('a list becomes the text that it is read from again', async () => {
  const template = templateOf(
    { T: { Size: { 'Fn::Select': [1, { Ref: 'Sizes' }] } } },
    { Parameters: { Sizes: { Type: 'CommaDelimitedList' } } },
  );
  const { cloud, stack } = parentWith({ 'a.json': template });
  await stack.create(templateOf({ N: child('a.json', { Sizes: ['1', '2'] }) }));
  expect(cloud.things.get('T-1')).toEqual({ Size: '2' });
});

test('an update reaches the nested stack, and a failure elsewhere takes it back', async () => {
  const { cloud, stack } = parentWith({ 'a.json': sized() });
  await stack.create(templateOf({ N: child('a.json', { Size: '1' }) }));
  await stack.update(templateOf({ N: child('a.json', { Size: '2' }) }));
  expect(cloud.things.get('T-1')).toEqual({ Size: '2' });
  cloud.broken.set('create Z', 1);
  const failing = templateOf({ N: child('a.json', { Size: '3' }), Z: { Needs: { Ref: 'N' } } });
  await expect(stack.update(failing)).rejects.toThrow('create of Z is broken');
  expect(cloud.things.get('T-1')).toEqual({ Size: '2' });
});

test('a nested stack that fails leaves nothing, and the parent says why', async () => {
  const { cloud, stack, nested } = parentWith({ 'a.json': templateOf({ A: {}, B: { Needs: { Ref: 'A' } } }) });
  cloud.broken.set('create B', 1);
  await expect(stack.create(templateOf({ N: child('a.json') }))).rejects.toThrow(
    /^stack Mesh is .*create of B is broken/,
  );
  expect(cloud.things.size).toBe(0);
  expect(nested.all).toEqual([]);
});

test('a template that is no asset is named', async () => {
  const { stack } = parentWith({});
  await expect(stack.create(templateOf({ N: child('gone.json') }))).rejects.toThrow('there is no template gone.json');
});
