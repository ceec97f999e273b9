import type { StackEvent } from '../../../sandbox/cloudformation/event';
import { FakeCloud, templateOf } from './fake-cloud';

const ref = (logicalId: string) => ({ Ref: logicalId });
const tag = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Tag'] });

function cloudWithHistory() {
  const cloud = new FakeCloud();
  const events: StackEvent[] = [];
  const stack = cloud.stack({ onEvent: (event) => events.push(event) });
  const history = () => events.map(({ logicalId, status }) => `${logicalId} ${status}`);
  return { cloud, stack, events, history };
}

describe('creation', () => {
  test('makes what a resource refers to before it, and independent resources at once', async () => {
    const { cloud, stack, history } = cloudWithHistory();
    await stack.create(templateOf({ C: { Needs: tag('A') }, A: {}, B: {} }));
    expect(cloud.things.get('C-3')).toEqual({ Needs: 'tag of A-1' });
    expect(cloud.mostAtOnce).toBe(2);
    expect(history()).toEqual([
      'Mesh CREATE_IN_PROGRESS',
      'A CREATE_IN_PROGRESS',
      'B CREATE_IN_PROGRESS',
      'A CREATE_COMPLETE',
      'C CREATE_IN_PROGRESS',
      'B CREATE_COMPLETE',
      'C CREATE_COMPLETE',
      'Mesh CREATE_COMPLETE',
    ]);
  });

  test('resolves outputs, pseudo parameters, parameters and conditions', async () => {
    const stack = new FakeCloud().stack();
    const template = templateOf(
      {
        A: { Size: ref('Size') },
        Absent: { Properties: {}, Condition: 'Big' },
        B: { Properties: {}, DependsOn: 'Absent' },
      },
      {
        Parameters: { Size: { Type: 'Number', Default: 1 } },
        Conditions: { Big: { 'Fn::Equals': [ref('Size'), '9'] } },
        Outputs: {
          Name: {
            Value: { 'Fn::Sub': '${A} of ${AWS::StackName} in ${AWS::Partition}/${AWS::Region}/${AWS::AccountId}' },
          },
          Size: { Value: ref('Size') },
          Stack: { Value: ref('AWS::StackId') },
          Absent: { Value: 'x', Condition: 'Big' },
        },
      },
    );
    await stack.create(template, { Size: '2' });
    expect(stack.outputs).toEqual({
      Name: expect.stringMatching(/^A-\d of Mesh in aws\/us-east-1\/123456789012$/),
      Size: '2',
      Stack: stack.id,
    });
    expect([...stack.resources.keys()]).toEqual(expect.arrayContaining(['A', 'B']));
  });

  test('after a failure deletes what was made, last first, and names the cause', async () => {
    const { cloud, stack, events } = cloudWithHistory();
    cloud.broken.set('create C', 1);
    const template = templateOf({ A: {}, B: { Needs: ref('A') }, C: { Needs: ref('B') }, D: { Needs: ref('C') } });
    await expect(stack.create(template)).rejects.toMatchObject({
      name: 'StackFailure',
      status: 'ROLLBACK_COMPLETE',
      failures: [{ logicalId: 'C', resourceType: 'Test::Thing', reason: 'create of C is broken' }],
    });
    expect(cloud.calls).toEqual(['create A-1', 'create B-2', 'delete B-2', 'delete A-1']);
    expect(cloud.things.size).toBe(0);
    expect(events.find(({ status }) => status === 'CREATE_FAILED')?.reason).toBe('create of C is broken');
    expect(events.at(-1)).toMatchObject({ logicalId: 'Mesh', status: 'ROLLBACK_COMPLETE' });
  });

  test('in a rollback Retain keeps a resource and RetainExceptOnCreate does not', async () => {
    const { cloud, stack, history } = cloudWithHistory();
    cloud.broken.set('create C', 1);
    const template = templateOf({
      A: { Properties: {}, DeletionPolicy: 'Retain' },
      B: { Properties: {}, DeletionPolicy: 'RetainExceptOnCreate' },
      C: { Properties: { Needs: [ref('A'), ref('B')] } },
    });
    await expect(stack.create(template)).rejects.toThrow('C: create of C is broken');
    expect([...cloud.things.keys()]).toEqual(['A-1']);
    expect(history()).toContain('A DELETE_SKIPPED');
  });

  test('a rollback that fails says so with both causes', async () => {
    const { cloud, stack } = cloudWithHistory();
    cloud.broken.set('create B', 1).set('delete A', 1);
    await expect(stack.create(templateOf({ A: {}, B: { Needs: ref('A') } }))).rejects.toThrow(
      'stack Mesh is ROLLBACK_FAILED: B: create of B is broken; A: delete of A is broken',
    );
  });

  test('rolls back when an output cannot be worked out', async () => {
    const cloud = new FakeCloud();
    const template = templateOf({ A: {} }, { Outputs: { Url: { Value: { 'Fn::GetAtt': 'A.Url' } } } });
    await expect(cloud.stack().create(template)).rejects.toThrow(
      'resource A (Test::Thing) has no attribute Url; it has Tag',
    );
    expect(cloud.things.size).toBe(0);
  });

  test.each([
    ['an unknown type', templateOf({ A: {}, Q: { Type: 'AWS::SQS::Queue', Properties: {} } }), 'AWS::SQS::Queue'],
    [
      'an unknown property',
      templateOf({ A: { Colour: 'red' } }),
      'property Colour, which the sandbox does not support',
    ],
    ['a property named like a method of objects', templateOf({ A: { toString: 'x' } }), 'property toString'],
    ['an unknown name', templateOf({ A: { Needs: ref('Ghost') } }), 'resource A refers to Ghost, which is not in'],
    ['an unknown name in an output', templateOf({}, { Outputs: { O: { Value: ref('Ghost') } } }), 'output O refers to'],
    ['an unknown dependency', templateOf({ A: { Properties: {}, DependsOn: 'Ghost' } }), 'A depends on Ghost'],
    ['an unknown condition', templateOf({ A: { Properties: {}, Condition: 'Ghost' } }), 'condition Ghost is not in'],
    ['an unknown function', templateOf({ A: { Size: { 'Fn::Transform': '' } } }), 'Fn::Transform is not supported'],
    ['a circle', templateOf({ A: { Needs: ref('B') }, B: { Needs: ref('A') } }), 'circular dependency'],
    [
      'a condition that refers to itself',
      templateOf({ A: { Properties: {}, Condition: 'X' } }, { Conditions: { X: { 'Fn::Not': [{ Condition: 'X' }] } } }),
      'condition X refers to itself',
    ],
    [
      'a resource in a condition',
      templateOf({ A: { Properties: {}, Condition: 'X' } }, { Conditions: { X: { 'Fn::Equals': [ref('A'), ''] } } }),
      'A is no resource that can be referred to here',
    ],
    [
      'a reference to a resource that its condition leaves out',
      templateOf(
        { A: { Properties: {}, Condition: 'X' }, B: { Needs: ref('A') } },
        { Conditions: { X: { 'Fn::Equals': ['a', 'b'] } } },
      ),
      'resource B refers to A, which its condition leaves out',
    ],
  ])('refuses %s before anything is made', async (_, template, message) => {
    const { cloud, stack, events } = cloudWithHistory();
    await expect(stack.create(template)).rejects.toThrow(message);
    expect(cloud.calls).toEqual([]);
    expect(events).toEqual([]);
  });
});

describe('update', () => {
  async function created(things: Record<string, Record<string, unknown>>) {
    const made = cloudWithHistory();
    await made.stack.create(templateOf(things));
    made.cloud.calls.length = 0;
    made.events.length = 0;
    return made;
  }

  test('leaves alone what did not change', async () => {
    const { cloud, stack, history } = await created({ A: { Size: 1 }, B: { Needs: ref('A') } });
    await stack.update(templateOf({ A: { Size: 1 }, B: { Needs: ref('A') } }));
    expect(cloud.calls).toEqual([]);
    expect(history()).toEqual([
      'Mesh UPDATE_IN_PROGRESS',
      'Mesh UPDATE_COMPLETE_CLEANUP_IN_PROGRESS',
      'Mesh UPDATE_COMPLETE',
    ]);
  });

  test('changes a mutable property in place, adds and removes', async () => {
    const { cloud, stack } = await created({ A: { Size: 1 }, Old: { Needs: ref('A') } });
    await stack.update(templateOf({ A: { Size: 2 }, New: { Needs: ref('A') } }));
    expect(cloud.calls).toEqual(['update A-1', 'create New-3', 'delete Old-2']);
    expect(cloud.things.get('A-1')).toEqual({ Size: 2 });
  });

  test('replaces for a create-only property: new one, dependents follow, old one deleted at the end', async () => {
    const { cloud, stack, events } = await created({ A: { Name: 'a' }, B: { Needs: ref('A') } });
    await stack.update(templateOf({ A: { Name: 'b' }, B: { Needs: ref('A') } }));
    expect(cloud.calls).toEqual(['create b-3', 'update B-2', 'delete a-1']);
    expect(cloud.things.get('B-2')).toEqual({ Needs: 'b-3' });
    expect(events.find(({ logicalId }) => logicalId === 'A')?.reason).toMatch(
      'requires the creation of a new physical',
    );
  });

  test('UpdateReplacePolicy keeps the replaced one, DeletionPolicy the removed one', async () => {
    const { cloud, stack } = await created({
      A: { Properties: { Name: 'a' }, UpdateReplacePolicy: 'Retain' },
      B: { Properties: {}, DeletionPolicy: 'RetainExceptOnCreate' },
    });
    await stack.update(templateOf({ A: { Name: 'b' } }));
    expect([...cloud.things.keys()]).toEqual(['a-1', 'B-2', 'b-3']);
  });

  test('after a failure everything is as it was', async () => {
    const { cloud, stack, history } = await created({
      A: { Size: 1 },
      B: { Name: 'b' },
      C: { Needs: ref('B') },
      D: {},
    });
    const before = new Map(cloud.things);
    cloud.broken.set('create New', 1);
    await expect(
      stack.update(
        templateOf({
          A: { Size: 2 },
          B: { Name: 'other' },
          C: { Needs: ref('B') },
          New: { Needs: [ref('A'), ref('C')] },
        }),
      ),
    ).rejects.toMatchObject({ status: 'UPDATE_ROLLBACK_COMPLETE', failures: [{ logicalId: 'New' }] });
    expect(cloud.things).toEqual(before);
    expect(history().filter((line) => line.startsWith('Mesh'))).toEqual([
      'Mesh UPDATE_IN_PROGRESS',
      'Mesh UPDATE_ROLLBACK_IN_PROGRESS',
      'Mesh UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS',
      'Mesh UPDATE_ROLLBACK_COMPLETE',
    ]);
    await stack.update(templateOf({ A: { Size: 3 } }));
    expect([...cloud.things]).toEqual([['A-1', { Size: 3 }]]);
  });

  test('a failed update is undone by another, since nobody knows how far it came', async () => {
    const { cloud, stack } = await created({ A: { Size: 1 } });
    cloud.broken.set('update A', 1);
    await expect(stack.update(templateOf({ A: { Size: 2 } }))).rejects.toThrow('A: update of A is broken');
    expect(cloud.calls).toEqual(['update A-1']);
    expect(stack.status).toBe('UPDATE_ROLLBACK_COMPLETE');
  });

  test('when the way back fails too, the stack takes no more updates', async () => {
    const { cloud, stack } = await created({ A: { Size: 1 } });
    cloud.broken.set('update A', 2);
    await expect(stack.update(templateOf({ A: { Size: 2 } }))).rejects.toMatchObject({
      status: 'UPDATE_ROLLBACK_FAILED',
      failures: [{ reason: 'update of A is broken' }, { reason: 'update of A is broken' }],
    });
    await expect(stack.update(templateOf({}))).rejects.toThrow('UPDATE_ROLLBACK_FAILED state and can not be updated');
  });

  test('an old resource that cannot be deleted does not undo the update', async () => {
    const { cloud, stack, history } = await created({ A: {}, B: {} });
    cloud.broken.set('delete B', 1);
    await stack.update(templateOf({ A: {} }));
    expect(stack.status).toBe('UPDATE_COMPLETE');
    expect(history()).toContain('B DELETE_FAILED');
  });

  test('a resource keeps its type', async () => {
    const cloud = new FakeCloud();
    const stack = cloud.stack({ otherTypes: { 'Test::Other': cloud.thing } });
    await stack.create(templateOf({ A: {} }));
    const other = templateOf({ A: { Type: 'Test::Other', Properties: {} } });
    await expect(stack.update(other)).rejects.toThrow('A must keep its type Test::Thing in an update, got Test::Other');
  });
});

describe('deletion', () => {
  test('deletes each resource before what it depended on, and keeps what a policy retains', async () => {
    const { cloud, stack } = cloudWithHistory();
    await stack.create(
      templateOf({ A: {}, B: { Needs: ref('A') }, C: { Properties: {}, DependsOn: 'B', DeletionPolicy: 'Retain' } }),
    );
    await stack.delete();
    expect(cloud.calls.slice(3)).toEqual(['delete B-2', 'delete A-1']);
    expect([...cloud.things.keys()]).toEqual(['C-3']);
    expect(stack.status).toBe('DELETE_COMPLETE');
    await stack.delete();
  });

  test('after a failure the rest is still deleted, and a second try finishes', async () => {
    const { cloud, stack } = cloudWithHistory();
    await stack.create(templateOf({ A: {}, B: { Needs: ref('A') }, C: {} }));
    cloud.broken.set('delete B', 1);
    await expect(stack.delete()).rejects.toMatchObject({ status: 'DELETE_FAILED', failures: [{ logicalId: 'B' }] });
    expect([...cloud.things.keys()]).toEqual(['A-1', 'B-3']);
    await stack.delete();
    expect(cloud.things.size).toBe(0);
  });
});
