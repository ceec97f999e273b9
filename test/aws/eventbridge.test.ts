import { setImmediate } from 'node:timers/promises';
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

  const taken = { EventId: '1' };
  const refused = { ErrorCode: 'ThrottlingException', ErrorMessage: 'slow down' };
  const put = (clientName: string) => putUntil(clientName, signal);
  const putUntil = (clientName: string, until: AbortSignal) =>
    bus.put('Certificate Issued', { trustDomain: 'mesh.example.com', clientName }, until);
  const clientsIn = (body: string): string[] =>
    JSON.parse(body).Entries.map(({ Detail }: { Detail: string }) => JSON.parse(Detail).clientName);

  test('says when it did not take the event, though the call succeeds', async () => {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      endpoint.replies.push(jsonReply({ FailedEntryCount: 1, Entries: [refused] }));
    }

    await expect(put('mail')).rejects.toThrow('events:PutEvents failed with ThrottlingException: slow down');
    expect(endpoint.calls).toHaveLength(3);
  });

  test('is given up to ten events in one call', async () => {
    const names = Array.from({ length: 23 }, (_, index) => `client-${index}`);
    // The three calls arrive in any order, so that each reply has to suit any of them.
    for (let call = 0; call < 3; call += 1) {
      endpoint.replies.push(jsonReply({ FailedEntryCount: 0, Entries: Array(10).fill(taken) }));
    }

    await Promise.all(names.map(put));

    expect(endpoint.calls.map(({ body }) => clientsIn(body).length).sort()).toEqual([10, 10, 3]);
    expect(endpoint.calls.flatMap(({ body }) => clientsIn(body)).sort()).toEqual([...names].sort());
  });

  test('gets only those events again that it did not take', async () => {
    endpoint.replies.push(
      jsonReply({ FailedEntryCount: 1, Entries: [taken, refused, taken] }),
      jsonReply({ FailedEntryCount: 0, Entries: [taken] }),
    );

    await Promise.all(['mail', 'social', 'wiki'].map(put));

    expect(endpoint.calls.map(({ body }) => clientsIn(body))).toEqual([['mail', 'social', 'wiki'], ['social']]);
  });

  test('loses one event without the others of its call', async () => {
    endpoint.replies.push(jsonReply({ FailedEntryCount: 1, Entries: [taken, refused] }));
    for (let attempt = 1; attempt < 3; attempt += 1) {
      endpoint.replies.push(jsonReply({ FailedEntryCount: 1, Entries: [refused] }));
    }

    const results = await Promise.allSettled(['mail', 'social'].map(put));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });

  test.each(['mail', 'social', 'wiki'])(
    'the abort of one event rejects that, and no other of its call: %s',
    async (aborted) => {
      const controller = new AbortController();
      const names = ['mail', 'social', 'wiki'];
      endpoint.replies.push(
        jsonReply({ FailedEntryCount: 3, Entries: [refused, refused, refused] }),
        jsonReply({ FailedEntryCount: 0, Entries: [taken, taken] }),
      );

      const puts = names.map((name) => putUntil(name, name === aborted ? controller.signal : signal));
      while (endpoint.calls.length === 0) await setImmediate();
      controller.abort(new Error('too late'));
      const results = await Promise.allSettled(puts);

      const others = names.filter((name) => name !== aborted);
      expect(endpoint.calls.map(({ body }) => clientsIn(body))).toEqual([names, others]);
      expect(results).toEqual(
        names.map((name) =>
          name === aborted
            ? { status: 'rejected', reason: new Error('too late') }
            : { status: 'fulfilled', value: undefined },
        ),
      );
    },
  );

  test('an event that is aborted before the call is left out of it', async () => {
    endpoint.replies.push(jsonReply({ FailedEntryCount: 0, Entries: [taken] }));

    const puts = [putUntil('mail', AbortSignal.abort(new Error('too late'))), put('social')];

    await expect(puts[0]).rejects.toThrow('too late');
    await expect(puts[1]).resolves.toBeUndefined();
    expect(endpoint.calls.map(({ body }) => clientsIn(body))).toEqual([['social']]);
  });

  test('a call is not repeated when all its events are aborted, each for its own reason', async () => {
    endpoint.replies.push(jsonReply({ FailedEntryCount: 2, Entries: [refused, refused] }));
    const controllers = [new AbortController(), new AbortController()];

    const puts = controllers.map((controller, index) => putUntil(`client-${index}`, controller.signal));
    while (endpoint.calls.length === 0) await setImmediate();
    for (const [index, controller] of controllers.entries()) controller.abort(new Error(`late ${index}`));

    await expect(puts[0]).rejects.toThrow('late 0');
    await expect(puts[1]).rejects.toThrow('late 1');
    expect(endpoint.calls).toHaveLength(1);
  });

  test.each([{}, { Entries: 7 }, { Entries: [] }, { Entries: [null] }])(
    'took nothing if it answers %j',
    async (answer) => {
      for (let attempt = 0; attempt < 3; attempt += 1) endpoint.replies.push(jsonReply(answer));
      await expect(put('mail')).rejects.toThrow('events:PutEvents failed with FailedEntry');
    },
  );
});
