import type { CustomResourceEvent } from '../../../sandbox/cloudformation/custom-resource-messages';
import { CustomResources } from '../../../sandbox/cloudformation/custom-resources';
import type { StackEvent, StackFailure } from '../../../sandbox/cloudformation/event';
import { FakeCloud, templateOf } from './fake-cloud';

const FUNCTION_ARN = 'arn:aws:lambda:us-east-1:123456789012:function:issuer';

type Handler = (event: CustomResourceEvent, put: (body: string | object) => boolean) => unknown;

/** A custom resource whose function is `handler`, and a stack that can hold it. */
function provided(handler: Handler) {
  const requests: CustomResourceEvent[] = [];
  const events: StackEvent[] = [];
  const customResources: CustomResources = new CustomResources({
    logLines: () => Array.from({ length: 30 }, (_, i) => `line ${i}`),
    responseUrl: (token) => `https://sandbox.example.com/${token}`,
    invoke: async (functionArn, event) => {
      expect(functionArn).toBe(FUNCTION_ARN);
      requests.push(event);
      const token = event.ResponseURL.slice('https://sandbox.example.com/'.length);
      await handler(event, (body) =>
        customResources.receive(token, Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))),
      );
    },
  });
  const type = customResources.resourceType('Custom::Certificate');
  const cloud = new FakeCloud();
  const stack = cloud.stack({
    onEvent: (event) => events.push(event),
    otherTypes: type && { 'Custom::Certificate': type },
  });
  return { cloud, stack, requests, events };
}

const success = (event: CustomResourceEvent, more: object = {}) => ({
  Status: 'SUCCESS',
  StackId: event.StackId,
  RequestId: event.RequestId,
  LogicalResourceId: event.LogicalResourceId,
  PhysicalResourceId: event.PhysicalResourceId ?? 'certificate-of-mail',
  ...more,
});

const certificate = (properties: object = {}, sections: object = {}, others: Record<string, object> = {}) =>
  templateOf(
    {
      Certificate: {
        Type: 'Custom::Certificate',
        Properties: { ServiceToken: FUNCTION_ARN, ServiceTimeout: 30, ...properties },
      },
      ...others,
    },
    sections,
  );

test('creates, updates and deletes with the events that CloudFormation sends', async () => {
  const { stack, requests } = provided((event, put) => put(success(event)));
  await stack.create(certificate({ ClientName: 'mail' }));
  await stack.update(certificate({ ClientName: 'post' }));
  await stack.delete();
  const common = {
    StackId: stack.id,
    ResourceType: 'Custom::Certificate',
    LogicalResourceId: 'Certificate',
    RequestId: expect.any(String),
    ResponseURL: expect.stringMatching(/^https:/),
  };
  const fixed = { ServiceToken: FUNCTION_ARN, ServiceTimeout: '30' };
  expect(requests).toEqual([
    { ...common, RequestType: 'Create', ResourceProperties: { ...fixed, ClientName: 'mail' } },
    {
      ...common,
      RequestType: 'Update',
      PhysicalResourceId: 'certificate-of-mail',
      ResourceProperties: { ...fixed, ClientName: 'post' },
      OldResourceProperties: { ...fixed, ClientName: 'mail' },
    },
    {
      ...common,
      RequestType: 'Delete',
      PhysicalResourceId: 'certificate-of-mail',
      ResourceProperties: { ...fixed, ClientName: 'post' },
    },
  ]);
  expect(new Set(requests.map(({ RequestId }) => RequestId)).size).toBe(3);
});

test('hands numbers and booleans to the function as strings, however deep', async () => {
  const { stack, requests } = provided((event, put) => put(success(event)));
  await stack.create(certificate({ Hours: 168, Names: ['a', 1, { Critical: true }] }));
  expect(requests[0]?.ResourceProperties).toMatchObject({ Hours: '168', Names: ['a', '1', { Critical: 'true' }] });
});

test('Ref is the physical id, and GetAtt reads Data', async () => {
  const { stack } = provided((event, put) => put(success(event, { Data: { SerialNumber: '0A' } })));
  const outputs = {
    Outputs: {
      Id: { Value: { Ref: 'Certificate' } },
      SerialNumber: { Value: { 'Fn::GetAtt': ['Certificate', 'SerialNumber'] } },
    },
  };
  await stack.create(certificate({}, outputs));
  expect(stack.outputs).toEqual({ Id: 'certificate-of-mail', SerialNumber: '0A' });
});

test('GetAtt of what Data does not hold fails by name', async () => {
  const { stack } = provided((event, put) => put(success(event, { Data: { SerialNumber: '0A' } })));
  const outputs = { Outputs: { O: { Value: { 'Fn::GetAtt': ['Certificate', 'toString'] } } } };
  await expect(stack.create(certificate({}, outputs))).rejects.toThrow(
    'resource Certificate (Custom::Certificate) has no attribute toString; it has SerialNumber',
  );
});

test('another physical id after an update means a replacement: the old one is deleted in the cleanup', async () => {
  const { stack, requests } = provided((event, put) =>
    put(success(event, { PhysicalResourceId: `id-of-${event.ResourceProperties['ClientName']}` })),
  );
  await stack.create(certificate({ ClientName: 'mail' }));
  await stack.update(certificate({ ClientName: 'post' }));
  expect(requests.map(({ RequestType, PhysicalResourceId }) => [RequestType, PhysicalResourceId])).toEqual([
    ['Create', undefined],
    ['Update', 'id-of-mail'],
    ['Delete', 'id-of-mail'],
  ]);
  expect(requests[2]?.ResourceProperties).toMatchObject({ ClientName: 'mail' });
});

test('a rolled back replacement leaves the old resource and deletes the new one', async () => {
  const { stack, requests, cloud } = provided((event, put) =>
    put(success(event, { PhysicalResourceId: `id-of-${event.ResourceProperties['ClientName']}` })),
  );
  await stack.create(certificate({ ClientName: 'mail' }));
  cloud.broken.set('create After', 1);
  const after = { After: { Needs: { Ref: 'Certificate' } } };
  await expect(stack.update(certificate({ ClientName: 'post' }, {}, after))).rejects.toThrow('After');
  expect(requests.map(({ RequestType, PhysicalResourceId }) => [RequestType, PhysicalResourceId])).toEqual([
    ['Create', undefined],
    ['Update', 'id-of-mail'],
    ['Update', 'id-of-post'],
    ['Delete', 'id-of-post'],
  ]);
  expect(stack.resources.get('Certificate')?.resource.physicalId).toBe('id-of-mail');
});

test('a failed Create is deleted again under the id that its answer gave', async () => {
  const { stack, requests, events } = provided((event, put) =>
    put(
      success(event, event.RequestType === 'Create' ? { Status: 'FAILED', Reason: 'the authority is disabled' } : {}),
    ),
  );
  await expect(stack.create(certificate())).rejects.toThrow('Certificate: the authority is disabled');
  expect(requests.map(({ RequestType }) => RequestType)).toEqual(['Create', 'Delete']);
  expect(requests[1]?.PhysicalResourceId).toBe('certificate-of-mail');
  expect(events.at(-1)?.status).toBe('ROLLBACK_COMPLETE');
});

test('a failure carries the last lines of the log of its function', async () => {
  const { stack } = provided((event, put) => put(success(event, { Status: 'FAILED', Reason: 'no' })));
  const failure = await stack.create(certificate()).catch((error: StackFailure) => error.failures[0]?.cause);
  expect(failure).toMatchObject({ cause: { logLines: expect.arrayContaining(['line 10', 'line 29']) } });
});

test('a Create without a usable answer is deleted again under an id that CloudFormation makes up', async () => {
  const { stack, requests } = provided((event, put) => {
    if (event.RequestType === 'Create') throw new Error('out of memory');
    put(success(event));
  });
  await expect(stack.create(certificate())).rejects.toMatchObject({ status: 'ROLLBACK_COMPLETE' });
  expect(requests[1]).toMatchObject({
    RequestType: 'Delete',
    PhysicalResourceId: expect.stringMatching(/^Mesh-Certificate-[0-9A-F]{12}$/),
  });
});

test('a failed Update is undone by an Update with the old properties', async () => {
  const { stack, requests } = provided((event, put) => {
    const failed = event.ResourceProperties['ClientName'] === 'bad';
    put(success(event, failed ? { Status: 'FAILED', Reason: 'no such client' } : {}));
  });
  await stack.create(certificate({ ClientName: 'mail' }));
  await expect(stack.update(certificate({ ClientName: 'bad' }))).rejects.toMatchObject({
    status: 'UPDATE_ROLLBACK_COMPLETE',
  });
  expect(requests.at(-1)).toMatchObject({
    RequestType: 'Update',
    ResourceProperties: { ClientName: 'mail' },
    OldResourceProperties: { ClientName: 'bad' },
  });
});

test('the resource is ready when the answer arrives, though the function still runs', async () => {
  const { stack } = provided((event, put) => {
    put(success(event));
    return new Promise(() => {});
  });
  await stack.create(certificate());
  expect(stack.status).toBe('CREATE_COMPLETE');
});

test('the first answer counts', async () => {
  const { stack } = provided((event, put) => {
    put(success(event));
    put({ ...success(event), Status: 'FAILED', Reason: 'too late' });
  });
  await stack.create(certificate());
});

test('an answer that comes after the first is taken and dropped, as a presigned URL takes it', async () => {
  const taken: boolean[] = [];
  const { stack } = provided((event, put) => {
    taken.push(put(success(event)));
    setImmediate(() => taken.push(put({ ...success(event), Status: 'FAILED', Reason: 'too late' })));
  });
  await stack.create(certificate());
  await new Promise((resolve) => setImmediate(resolve));
  expect(taken).toEqual([true, true]);
  expect(stack.status).toBe('CREATE_COMPLETE');
});

test('an answer to a URL that was never given is refused', () => {
  const customResources = new CustomResources({ invoke: async () => {}, responseUrl: String, logLines: () => [] });
  expect(customResources.receive('guessed', Buffer.from('{}'))).toBe(false);
});

test.each<[string, Handler, string]>([
  ['ends without an answer', () => {}, 'the function ended without an answer to its ResponseURL'],
  [
    'fails',
    () => Promise.reject(new Error('Cannot find module')),
    'the function failed before it answered: Cannot find module',
  ],
  ['answers with text', (_, put) => put('done'), 'must be a JSON object'],
  ['answers with null', (_, put) => put('null'), 'must be a JSON object'],
  [
    'answers with over 4096 bytes',
    (event, put) => put(success(event, { Data: { Pem: 'x'.repeat(4096) } })),
    '4096 bytes',
  ],
  ['answers for another stack', (event, put) => put(success(event, { StackId: 'other' })), 'must repeat the StackId'],
  ['answers another request', (event, put) => put(success(event, { RequestId: 'other' })), 'must repeat the RequestId'],
  [
    'answers for another resource',
    (event, put) => put(success(event, { LogicalResourceId: 'Other' })),
    'must repeat the LogicalResourceId',
  ],
  [
    'answers with no known status',
    (event, put) => put(success(event, { Status: 'OK' })),
    'SUCCESS or FAILED, got "OK"',
  ],
  ['fails without a reason', (event, put) => put(success(event, { Status: 'FAILED' })), 'must give a Reason'],
  [
    'answers with an endless id',
    (event, put) => put(success(event, { PhysicalResourceId: 'x'.repeat(1025) })),
    'PhysicalResourceId of 1 to 1024 bytes',
  ],
  ['answers with data that is a list', (event, put) => put(success(event, { Data: [] })), 'Data of the function'],
])('the resource fails when its function %s', async (_, handler, message) => {
  const { stack } = provided(handler);
  await expect(stack.create(certificate())).rejects.toThrow(message);
});

test('the resource fails when no answer comes within ServiceTimeout', async () => {
  const { stack } = provided(() => new Promise(() => {}));
  await expect(stack.create(certificate({ ServiceTimeout: 1 }))).rejects.toThrow(
    'no answer within the ServiceTimeout of 1 seconds',
  );
});

test.each([0, 3601, 1.5, 'soon'])('refuses a ServiceTimeout of %s', async (seconds) => {
  const { stack, requests } = provided((event, put) => put(success(event)));
  await expect(stack.create(certificate({ ServiceTimeout: seconds }))).rejects.toThrow('whole seconds from 1 to 3600');
  expect(requests).toEqual([]);
});

test('refuses a ServiceToken that is no ARN, and one that changes', async () => {
  const { stack } = provided((event, put) => put(success(event)));
  await expect(stack.create(certificate({ ServiceToken: 'issuer' }))).rejects.toThrow('must be the ARN of a function');
  const another = provided((event, put) => put(success(event)));
  await another.stack.create(certificate());
  await expect(another.stack.update(certificate({ ServiceToken: `${FUNCTION_ARN}-2` }))).rejects.toThrow(
    'the ServiceToken of a custom resource must not change',
  );
});
