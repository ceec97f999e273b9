import { CloudWatchLogs, type LogFilter } from '../../aws/cloudwatch-logs';
import { functionConnection } from '../../aws/connection';
import { jsonError, jsonReply, ServiceEndpoint, setEnvironment } from './service-endpoint';

const signal = new AbortController().signal;
const EVENT = { eventId: '1', timestamp: 1_000, message: 'one', logStreamName: 'stream', ingestionTime: 2_000 };

let endpoint: ServiceEndpoint;
let restoreEnvironment: () => void;

beforeEach(async () => {
  endpoint = await ServiceEndpoint.open();
  restoreEnvironment = setEnvironment({ AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: endpoint.url });
});
afterEach(async () => {
  restoreEnvironment();
  await endpoint.close();
});

async function pagesOf(filter: LogFilter) {
  const pages = [];
  for await (const page of new CloudWatchLogs(functionConnection(process.env)).filterEvents(filter, signal)) {
    pages.push(page);
  }
  return pages;
}

test('the lines of a log group are read page by page, also after an empty one', async () => {
  endpoint.replies.push(
    jsonReply({ events: [EVENT], nextToken: 'a' }),
    jsonReply({ events: [], nextToken: 'b' }),
    jsonReply({ events: [{ ...EVENT, eventId: '2' }] }),
  );

  await expect(pagesOf({ logGroup: 'access', from: 500, pattern: '?denied' })).resolves.toEqual([
    [{ id: '1', timestamp: 1_000, message: 'one' }],
    [],
    [{ id: '2', timestamp: 1_000, message: 'one' }],
  ]);
  expect(endpoint.calls.map(({ body }) => JSON.parse(body))).toEqual([
    { logGroupName: 'access', startTime: 500, filterPattern: '?denied' },
    { logGroupName: 'access', startTime: 500, filterPattern: '?denied', nextToken: 'a' },
    { logGroupName: 'access', startTime: 500, filterPattern: '?denied', nextToken: 'b' },
  ]);
  expect(endpoint.calls[0]?.headers).toMatchObject({
    authorization: expect.stringContaining('/eu-central-1/logs/aws4_request'),
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': 'Logs_20140328.FilterLogEvents',
  });
});

test('an answer that is none of the service has no lines', async () => {
  endpoint.replies.push(jsonReply({ events: [{ eventId: 1 }, null, 'text'] }), jsonReply({}));

  await expect(pagesOf({ logGroup: 'access', from: 0 })).resolves.toEqual([[]]);
  await expect(pagesOf({ logGroup: 'access', from: 0 })).resolves.toEqual([[]]);
});

test('a throttled call is tried again, and a refused one is an error with its name', async () => {
  endpoint.replies.push(jsonError('ThrottlingException', 'Rate exceeded'), jsonReply({ events: [] }));
  await expect(pagesOf({ logGroup: 'access', from: 0 })).resolves.toEqual([[]]);

  endpoint.replies.push(jsonError('AccessDeniedException', 'not authorized'));
  await expect(pagesOf({ logGroup: 'access', from: 0 })).rejects.toThrow(
    'logs:FilterLogEvents failed with AccessDeniedException: not authorized',
  );
});
