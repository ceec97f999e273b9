import { functionConnection } from '../../aws/connection';
import { EventBridge } from '../../aws/eventbridge';
import { jsonReply, ServiceEndpoint, setEnvironment } from './service-endpoint';

const signal = new AbortController().signal;

describe('the event bus', () => {
  let endpoint: ServiceEndpoint;
  let restoreEnvironment: () => void;
  let bus: EventBridge;

  beforeEach(async () => {
    endpoint = await ServiceEndpoint.open();
    restoreEnvironment = setEnvironment({ AWS_ENDPOINT_URL_EVENTBRIDGE: endpoint.url });
    bus = new EventBridge(functionConnection(process.env));
  });
  afterEach(async () => {
    restoreEnvironment();
    await endpoint.close();
  });

  test('is given an event of the mesh', async () => {
    endpoint.replies.push(jsonReply({ FailedEntryCount: 0, Entries: [{ EventId: '1' }] }));
    const detail = { trustDomain: 'mesh.example.com', clientName: 'mail' };

    await bus.put('Certificate Issued', detail, signal);

    expect(endpoint.calls[0]?.headers).toMatchObject({
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'AWSEvents.PutEvents',
    });
    expect(endpoint.calls[0]?.headers['authorization']).toContain('/eu-central-1/events/aws4_request');
    const entry = { Source: 'mtls-service-mesh', DetailType: 'Certificate Issued', Detail: JSON.stringify(detail) };
    expect(JSON.parse(endpoint.calls[0]?.body ?? '')).toEqual({ Entries: [entry] });
  });

  test('says when it did not take the event, though the call succeeds', async () => {
    const Entries = [{ ErrorCode: 'ThrottlingException', ErrorMessage: 'slow down' }];
    endpoint.replies.push(jsonReply({ FailedEntryCount: 1, Entries }));

    await expect(bus.put('Certificate Issued', { trustDomain: 'mesh.example.com' }, signal)).rejects.toThrow(
      /slow down/,
    );
  });
});
