import { CloudFormation } from '../../aws/cloudformation';
import { functionConnection } from '../../aws/connection';
import { SANDBOX_ACCOUNT } from '../../sandbox/account';
import { Stacks } from '../../sandbox/cloudformation/stacks';
import { FakeCloud, templateOf } from '../sandbox/cloudformation/fake-cloud';
import { serve } from '../sandbox/services/serve';
import { type Reply, ServiceEndpoint, setEnvironment } from './service-endpoint';

const signal = new AbortController().signal;
const STACK = 'arn:aws:cloudformation:eu-central-1:111122223333:stack/mesh/11111111-2222-3333-4444-555555555555';

/** As in the example of https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html */
const stacks = (...members: string[]): Reply => ({
  headers: { 'content-type': 'text/xml' },
  body: `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
  <DescribeStacksResult>
    <Stacks>${members.map((member) => `<member><StackName>mesh</StackName>${member}</member>`).join('')}</Stacks>
  </DescribeStacksResult>
  <ResponseMetadata><RequestId>b9b4b068-3a41-11e5-94eb-example</RequestId></ResponseMetadata>
</DescribeStacksResponse>`,
});
const status = (name: string, more = '') => stacks(`<StackStatus>${name}</StackStatus>${more}`);

const failure = (code: string, httpStatus = 400): Reply => ({
  status: httpStatus,
  headers: { 'content-type': 'text/xml' },
  body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>because</Message></Error></ErrorResponse>`,
});

describe('CloudFormation', () => {
  let endpoint: ServiceEndpoint;
  let restoreEnvironment: () => void;

  beforeEach(async () => {
    endpoint = await ServiceEndpoint.open();
    restoreEnvironment = setEnvironment({ AWS_ENDPOINT_URL_CLOUDFORMATION: endpoint.url });
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    restoreEnvironment();
    await endpoint.close();
  });

  const isRollingBack = (stackId = STACK) =>
    new CloudFormation(functionConnection(process.env)).isRollingBack(stackId, signal);

  test('is asked with a form, and a signature of the function’s credentials', async () => {
    endpoint.replies.push(status('UPDATE_IN_PROGRESS'));

    await isRollingBack();

    const [{ method, path, headers, body } = {}] = endpoint.calls.map((made) => made);
    expect([method, path]).toEqual(['POST', '/']);
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
      Action: 'DescribeStacks',
      Version: '2010-05-15',
      StackName: STACK,
    });
    expect(headers).toMatchObject({
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      authorization: expect.stringContaining('/eu-central-1/cloudformation/aws4_request'),
    });
  });

  test.each([
    ['UPDATE_ROLLBACK_IN_PROGRESS', true],
    ['UPDATE_IN_PROGRESS', false],
    ['UPDATE_FAILED', false],
    ['UPDATE_ROLLBACK_COMPLETE', false],
    ['ROLLBACK_IN_PROGRESS', false],
    ['A_STATUS_OF_TOMORROW', false],
  ])('takes a stack that is %s for one that rolls back: %s', async (name, expected) => {
    endpoint.replies.push(status(name));

    await expect(isRollingBack()).resolves.toBe(expected);
  });

  test('takes nothing for the status that somebody wrote into the stack', async () => {
    const output = '&lt;StackStatus&gt;UPDATE_ROLLBACK_IN_PROGRESS&lt;/StackStatus&gt;';
    endpoint.replies.push(
      status('UPDATE_IN_PROGRESS', `<Outputs><member><OutputValue>${output}</OutputValue></member></Outputs>`),
    );

    await expect(isRollingBack()).resolves.toBe(false);
  });

  test('is asked for nothing but the stack, whatever its name', async () => {
    endpoint.replies.push(status('UPDATE_IN_PROGRESS'));

    await isRollingBack('mesh&Action=DeleteStack');

    const form = new URLSearchParams(endpoint.calls[0]?.body);
    expect(form.getAll('Action')).toEqual(['DescribeStacks']);
    expect(form.get('StackName')).toBe('mesh&Action=DeleteStack');
  });

  test.each<[string, Reply]>([
    ['throttles', failure('Throttling')],
    ['fails', failure('InternalFailure', 500)],
    ['answers with nothing', {}],
    ['answers with a page', { body: '<html><StackStatus>UPDATE_ROLLBACK_IN_PROGRESS</StackStatus></html>' }],
    ['tells of no stack', stacks()],
    ['tells of two stacks', stacks('<StackStatus>UPDATE_COMPLETE</StackStatus>', '<StackStatus>X</StackStatus>')],
    ['answers with what is cut off', { body: '<DescribeStacksResponse ><StackStatus>UPDATE_ROLL' }],
  ])('is asked again when it %s', async (_case, reply) => {
    endpoint.replies.push(reply, status('UPDATE_ROLLBACK_IN_PROGRESS'));

    await expect(isRollingBack()).resolves.toBe(true);

    expect(endpoint.calls).toHaveLength(2);
  });

  test('is asked for as long as others may use up the account’s calls', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(0);
    const throttled = Array.from({ length: 11 }, () => failure('Throttling'));
    endpoint.replies.push(...throttled, status('UPDATE_ROLLBACK_IN_PROGRESS'));

    await expect(isRollingBack()).resolves.toBe(true);
  });

  test.each(['AccessDenied', 'ValidationError'])('tells %s, and is not asked again', async (code) => {
    endpoint.replies.push(failure(code));

    await expect(isRollingBack()).rejects.toMatchObject({
      code,
      message: `cloudformation:DescribeStacks failed with ${code}: because`,
    });
    expect(endpoint.calls).toHaveLength(1);
  });
});

test('the sandbox’s CloudFormation is understood, also when it refuses', async () => {
  const cloud = new FakeCloud();
  const known = new Stacks(SANDBOX_ACCOUNT);
  const seen: boolean[] = [];
  const stack = cloud.stack();
  known.add(stack);
  const served = await serve(known.api);
  const restoreEnvironment = setEnvironment({
    AWS_ENDPOINT_URL: served.client.endpoint,
    AWS_REGION: served.client.region,
    AWS_ACCESS_KEY_ID: served.client.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: served.client.credentials.secretAccessKey,
  });
  try {
    const cloudFormation = new CloudFormation(functionConnection(process.env));
    await expect(cloudFormation.isRollingBack(stack.id, signal)).rejects.toMatchObject({ code: 'ValidationError' });
    await stack.create(templateOf({ Thing: { Size: 1 } }));
    const { update } = cloud.thing;
    cloud.thing.update = async (...change) => {
      seen.push(await cloudFormation.isRollingBack(stack.id, signal));
      return update(...change);
    };
    cloud.broken.set('update Other', 1);
    await stack.update(templateOf({ Thing: { Size: 2 }, Other: { Size: 1 } }));
    await expect(
      stack.update(templateOf({ Thing: { Size: 3 }, Other: { Size: 2, Needs: { Ref: 'Thing' } } })),
    ).rejects.toThrow();

    expect(seen).toEqual([false, false, false, true, true]);
    served.denied.add('cloudformation:DescribeStacks');
    await expect(cloudFormation.isRollingBack(stack.id, signal)).rejects.toMatchObject({ code: 'AccessDenied' });
    expect(served.authorizations.at(-1)).toMatchObject({
      action: 'cloudformation:DescribeStacks',
      resource: stack.id,
    });
  } finally {
    restoreEnvironment();
    await served.close();
  }
});
