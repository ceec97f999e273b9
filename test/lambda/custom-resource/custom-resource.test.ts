import { setTimeout as pause, scheduler } from 'node:timers/promises';
import { AwsCallError } from '../../../aws/aws-error';
import type { LogEntry } from '../../../aws/cloudwatch';
import {
  type CustomResourceHandler,
  handleCustomResource,
  type Invocation,
} from '../../../lambda/custom-resource/custom-resource';
import { AnswerNotDeliveredError } from '../../../lambda/custom-resource/delivery';
import { CustomResourceEventError, type CustomResourceRequest } from '../../../lambda/custom-resource/request';
import { StackList } from '../../../lambda/custom-resource/stack-list';
import { createEvent, createRequest, REQUEST_ID } from './requests';
import { ResponseBucket } from './response-bucket';

const invocation: Invocation = {
  getRemainingTimeInMillis: () => 60_000,
  logGroupName: '/aws/lambda/issuer',
  invokedFunctionArn: 'arn:aws:lambda:eu-central-1:111122223333:function:issuer',
  logStreamName: '2026/11/22/[$LATEST]0123',
};

/** A resource that keeps what was asked of it. */
class Thing implements CustomResourceHandler {
  readonly applied: CustomResourceRequest[] = [];
  readonly removed: CustomResourceRequest[] = [];

  identify(properties: Readonly<Record<string, unknown>>): string {
    if (typeof properties['Name'] !== 'string') throw new Error('Name must be a string');
    return `thing:${properties['Name']}`;
  }

  async apply(request: CustomResourceRequest, _signal: AbortSignal): Promise<Record<string, string>> {
    this.applied.push(request);
    return { Version: '1' };
  }

  async remove(request: CustomResourceRequest): Promise<void> {
    this.removed.push(request);
  }
}

describe('a custom resource', () => {
  let bucket: ResponseBucket;
  const buckets: ResponseBucket[] = [];
  const logs: LogEntry[] = [];
  const log = (entry: LogEntry) => void logs.push(entry);
  const properties = { Name: 'mail' };
  const STACK = createRequest().stackId;
  const stacks = new StackList(STACK, []);

  const handle = (resource: CustomResourceHandler, overrides: Record<string, unknown> = {}, context = invocation) =>
    handleCustomResource(
      resource,
      createEvent({ ResponseURL: bucket.url, ResourceProperties: properties, ...overrides }),
      { invocation: context, stacks, log },
    );

  /** A bucket that is closed after the test, whether it passes or fails. */
  const openBucket = async (...statuses: number[]): Promise<ResponseBucket> => {
    const opened = await ResponseBucket.open(...statuses);
    buckets.push(opened);
    return opened;
  };

  beforeEach(async () => {
    logs.length = 0;
    bucket = await openBucket();
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await Promise.all(buckets.splice(0).map((opened) => opened.close()));
  });

  test('is applied again when a permission that the deployment created has not taken effect', async () => {
    jest.spyOn(scheduler, 'wait').mockResolvedValue();
    const thing = new Thing();
    const denied = new AwsCallError('s3:PutObject', 'AccessDenied', 'no');
    const apply = jest.spyOn(thing, 'apply').mockRejectedValueOnce(denied);
    await handle(thing);

    expect(apply).toHaveBeenCalledTimes(2);
    expect(bucket.answer).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: 'thing:mail' });
  });

  describe('of another account', () => {
    const OTHER = STACK.replace('111122223333', '444455556666');
    const byOther = { ...invocation, invokedFunctionArn: `${invocation.invokedFunctionArn}:account-444455556666` };
    const listed = new StackList(STACK, [`444455556666/${OTHER.split('/')[1]}`]);
    const handleOther = async (overrides: object, context = byOther) => {
      const thing = Object.assign(new Thing(), { removesOnlyItsOwn: true as const });
      process.env['AWS_ENDPOINT_URL_S3'] = new URL(bucket.url).origin;
      const event = createEvent({ ResponseURL: bucket.url, ResourceProperties: properties, ...overrides });
      try {
        await handleCustomResource(thing, event, { invocation: context, stacks: listed, log });
      } finally {
        delete process.env['AWS_ENDPOINT_URL_S3'];
      }
      return thing.applied.length + thing.removed.length;
    };

    test('is served when the account invokes the function for a stack of its own', async () => {
      await expect(handleOther({ StackId: OTHER })).resolves.toBe(1);
      expect(bucket.answer).toMatchObject({ Status: 'SUCCESS' });
    });

    const removal = { RequestType: 'Delete', PhysicalResourceId: 'thing:mail' };
    test.each<[string, object, Invocation]>([
      ['names a stack of the mesh’s account', { StackId: STACK }, byOther],
      ['removes what a stack of the mesh’s account has', { StackId: STACK, ...removal }, byOther],
      ['names a stack of a third account', { StackId: OTHER.replace('444455556666', '777788889999') }, byOther],
      ['was invoked as the mesh’s account does', { StackId: OTHER }, invocation],
      ['was invoked as the mesh’s account does, to remove', { StackId: OTHER, ...removal }, invocation],
    ])('is refused when it %s', async (_what, event, context) => {
      await expect(handleOther(event, context)).resolves.toBe(0);
      expect(bucket.answer).toMatchObject({
        Status: 'FAILED',
        Reason: expect.stringMatching(/^the stack .* is not in the account/),
      });
    });

    test('can’t have an answer sent elsewhere', async () => {
      const handled = handleCustomResource(new Thing(), createEvent({ StackId: OTHER, ResponseURL: bucket.url }), {
        invocation: byOther,
        stacks: listed,
        log,
      });
      await expect(handled).rejects.toThrow(CustomResourceEventError);
      expect(bucket.deliveries).toHaveLength(0);
    });
  });

  test('answers a Create with its id, its attributes and the identifiers verbatim', async () => {
    await handle(new Thing());

    expect(bucket.answer).toEqual({
      Status: 'SUCCESS',
      PhysicalResourceId: 'thing:mail',
      StackId: createEvent()['StackId'],
      RequestId: REQUEST_ID,
      LogicalResourceId: 'MailCertificate',
      Data: { Version: '1' },
    });
  });

  test('puts its answer as bytes with an empty content type, which the presigned URL demands', async () => {
    await handle(new Thing());

    const [delivery] = bucket.deliveries;
    expect(delivery).toMatchObject({ method: 'PUT', url: '/answer?X-Amz-Signature=presigned' });
    expect(delivery?.headers['content-type'] ?? '').toBe('');
    expect(delivery?.headers['content-length']).toBe(`${Buffer.byteLength(delivery?.body ?? '')}`);
  });

  test('answers an Update that renames it with the new id, so that CloudFormation deletes the old one', async () => {
    await handle(new Thing(), { RequestType: 'Update', PhysicalResourceId: 'thing:social' });

    expect(bucket.answer).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: 'thing:mail' });
  });

  test.each([
    ['the properties it had', { Name: 'social' }, { Name: 'social' }],
    ['none when there are none', undefined, {}],
    ['none when they are no object', ['social'], {}],
  ])('gets on Update %s', async (_case, OldResourceProperties, oldProperties) => {
    const thing = new Thing();

    await handle(thing, { RequestType: 'Update', PhysicalResourceId: 'thing:mail', OldResourceProperties });

    expect(thing.applied).toMatchObject([{ properties, oldProperties }]);
  });

  test('deletes what its properties describe', async () => {
    const thing = new Thing();

    await handle(thing, { RequestType: 'Delete', PhysicalResourceId: 'thing:mail' });

    expect(thing.removed).toHaveLength(1);
    expect(bucket.answer).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: 'thing:mail' });
  });

  test.each([
    ['an id that it never gave', 'thing:other', properties],
    ['properties that name nothing', 'thing:mail', { Name: ['mail'] }],
  ])(
    'leaves everything alone, and succeeds, on Delete of %s',
    async (_case, PhysicalResourceId, ResourceProperties) => {
      const thing = new Thing();

      await handle(thing, { RequestType: 'Delete', PhysicalResourceId, ResourceProperties });

      expect(thing.removed).toHaveLength(0);
      expect(bucket.answer).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId });
    },
  );

  test('answers a Create of nothing with an id whose Delete does nothing', async () => {
    const thing = new Thing();
    const ResourceProperties = { Name: 7 };

    await handle(thing, { ResourceProperties });
    const { PhysicalResourceId } = bucket.answer;
    expect(bucket.answer).toMatchObject({
      Status: 'FAILED',
      PhysicalResourceId: expect.stringMatching(/^failed-create/),
    });
    expect(bucket.answer['Reason']).toBe(
      'Name must be a string (logs: /aws/lambda/issuer, stream 2026/11/22/[$LATEST]0123)',
    );

    await handle(thing, { RequestType: 'Delete', PhysicalResourceId, ResourceProperties });
    expect(bucket.answer).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId });
    expect(thing.removed).toHaveLength(0);
  });

  test('answers a Create that failed halfway with the id of what it began, so that its Delete takes that away', async () => {
    const thing = new Thing();
    thing.apply = async () => {
      throw new Error('no more room', { cause: new Error('disk full') });
    };

    await handle(thing);
    expect(bucket.answer).toMatchObject({ Status: 'FAILED', PhysicalResourceId: 'thing:mail' });
    expect(bucket.answer['Reason']).toMatch(/^no more room: disk full \(logs: /);

    await handle(thing, { RequestType: 'Delete', PhysicalResourceId: 'thing:mail' });
    expect(thing.removed).toHaveLength(1);
  });

  test('keeps its id when an Update fails, so that CloudFormation replaces nothing', async () => {
    const thing = new Thing();
    thing.apply = () => Promise.reject(new Error('no'));

    await handle(thing, { RequestType: 'Update', PhysicalResourceId: 'thing:social' });

    expect(bucket.answer).toMatchObject({ Status: 'FAILED', PhysicalResourceId: 'thing:social' });
  });

  test('answers before the timeout of its function would strike, and lets nothing take effect afterwards', async () => {
    const thing = new Thing();
    let effect = false;
    thing.apply = async (_request, signal) => {
      await pause(150);
      signal.throwIfAborted();
      effect = true;
      return {};
    };

    await handle(thing, {}, { ...invocation, getRemainingTimeInMillis: () => 100 });
    expect(bucket.answer).toMatchObject({ Status: 'FAILED', PhysicalResourceId: 'thing:mail' });
    expect(bucket.answer['Reason']).toMatch(/^not finished after \d+ s, when the function's time ran out/);

    await pause(200);
    expect(effect).toBe(false);
  });

  test('does not wait for work that ignores its deadline', async () => {
    const thing = new Thing();
    thing.apply = () => new Promise(() => undefined);

    await handle(thing, {}, { ...invocation, getRemainingTimeInMillis: () => 50 });

    expect(bucket.answer).toMatchObject({ Status: 'FAILED' });
  });

  test('answers FAILED to a request type that does not exist', async () => {
    await handle(new Thing(), { RequestType: 'Destroy' });

    expect(bucket.answer['Reason']).toMatch(/^RequestType must be Create, Update or Delete, got "Destroy"/);
  });

  test.each([
    ['503', 503, 500],
    ['a broken connection', 0, 502],
  ])('delivers its answer again after %s', async (_case, ...statuses) => {
    const reluctant = await openBucket(...statuses);

    await handle(new Thing(), { ResponseURL: reluctant.url });

    expect(reluctant.deliveries).toHaveLength(3);
    expect(new Set(reluctant.deliveries.map(({ body }) => body)).size).toBe(1);
  });

  test('does not insist when the answer is refused, and rejects without telling the presigned URL', async () => {
    const refusing = await openBucket(403);

    const handled = handle(new Thing(), { ResponseURL: refusing.url });

    await expect(handled).rejects.toThrow(AnswerNotDeliveredError);
    await expect(handled).rejects.toThrow(/: 403$/);
    expect(refusing.deliveries).toHaveLength(1);
  });

  test('names the network error when nobody listens at the response URL', async () => {
    const closed = await ResponseBucket.open();
    const { url } = closed;
    await closed.close();

    await expect(handle(new Thing(), { ResponseURL: url })).rejects.toThrow(/: ECONNREFUSED$/);
  });

  test('logs each request and its outcome, and never the response URL', async () => {
    await handle(new Thing(), { ResourceProperties: {} });

    expect(logs.map(({ event }) => event)).toEqual([
      'custom-resource-requested',
      'custom-resource-failed',
      'custom-resource-answered',
    ]);
    expect(JSON.stringify(logs)).not.toContain('presigned');
  });

  describe('of a stack that is not listed', () => {
    const StackId = STACK.replace('stack/mesh/', 'stack/attacker/');

    test.each(['Create', 'Update', 'Delete'])('is refused: %s', async (RequestType) => {
      const thing = new Thing();
      await handle(thing, { RequestType, StackId, PhysicalResourceId: 'thing:mail' });

      expect(bucket.answer).toMatchObject({
        Status: 'FAILED',
        Reason: expect.stringContaining(`the mesh does not serve the stack ${StackId}`),
      });
      expect([thing.applied, thing.removed]).toEqual([[], []]);
    });

    test('is deleted if the resource removes only what it has created itself', async () => {
      const thing = Object.assign(new Thing(), { removesOnlyItsOwn: true as const });
      await handle(thing, { RequestType: 'Delete', StackId, PhysicalResourceId: 'thing:mail' });
      await handle(thing, { RequestType: 'Update', StackId, PhysicalResourceId: 'thing:mail' });

      expect(thing.removed).toHaveLength(1);
      expect(thing.applied).toEqual([]);
    });
  });

  test.each([
    ['null', null],
    ['a string', 'Create'],
    ['a list', [createEvent()]],
    ['no RequestId', createEvent({ RequestId: undefined })],
    ['a StackId that is no string', createEvent({ StackId: { Ref: 'x' } })],
    ['no ResponseURL', createEvent({ ResponseURL: undefined })],
    ['a ResponseURL that is none', createEvent({ ResponseURL: 'not a url?X-Amz-Signature=presigned' })],
    ['a ResponseURL into the file system', createEvent({ ResponseURL: 'file:///etc/presigned' })],
  ])('rejects an event that nobody can answer: %s', async (_case, event) => {
    const handled = handleCustomResource(new Thing(), event, { invocation, stacks, log });

    await expect(handled).rejects.toThrow(CustomResourceEventError);
    await expect(handled).rejects.not.toThrow(/presigned/);
    expect(bucket.deliveries).toHaveLength(0);
  });
});
