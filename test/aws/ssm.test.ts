import { functionConnection } from '../../aws/connection';
import { ParameterStore } from '../../aws/ssm';
import { jsonError, jsonReply, ServiceEndpoint, setEnvironment } from './service-endpoint';

const signal = new AbortController().signal;

describe('parameters', () => {
  let endpoint: ServiceEndpoint;
  let restoreEnvironment: () => void;
  let parameters: ParameterStore;

  beforeEach(async () => {
    endpoint = await ServiceEndpoint.open();
    restoreEnvironment = setEnvironment({ AWS_ENDPOINT_URL_SSM: endpoint.url });
    parameters = new ParameterStore(functionConnection(process.env));
  });
  afterEach(async () => {
    restoreEnvironment();
    await endpoint.close();
  });

  test('are read by name', async () => {
    endpoint.replies.push(jsonReply({ Parameter: { Name: '/a', Value: 'text' } }));
    await expect(parameters.get('/a', signal)).resolves.toBe('text');
    expect(endpoint.calls[0]?.headers['x-amz-target']).toBe('AmazonSSM.GetParameter');
    expect(JSON.parse(endpoint.calls[0]?.body ?? '')).toEqual({ Name: '/a' });
  });

  test('that are not there are undefined', async () => {
    endpoint.replies.push(jsonError('ParameterNotFound', 'Parameter /a not found.'));
    await expect(parameters.get('/a', signal)).resolves.toBeUndefined();
  });

  test('without a value are an error', async () => {
    endpoint.replies.push(jsonReply({ Parameter: {} }));
    await expect(parameters.get('/a', signal)).rejects.toThrow('ssm:GetParameter failed with InvalidAnswer: no value');
  });

  test('are put, and become advanced ones only if they are too long for standard ones', async () => {
    endpoint.replies.push(jsonReply({ Version: 1 }));
    await parameters.put('/a', 'text', signal);
    expect(JSON.parse(endpoint.calls[0]?.body ?? '')).toEqual({
      Name: '/a',
      Value: 'text',
      Type: 'String',
      Tier: 'Intelligent-Tiering',
      Overwrite: true,
    });
  });

  test('have a history, which is read page by page and put into order', async () => {
    endpoint.replies.push(
      jsonReply({ Parameters: [{ Version: 3, Value: 'third' }], NextToken: 'more' }),
      jsonReply({
        Parameters: [
          { Version: 10, Value: 'tenth' },
          { Version: 2, Value: 'second' },
        ],
      }),
    );
    await expect(parameters.history('/a', signal)).resolves.toEqual(['second', 'third', 'tenth']);
    expect(endpoint.calls.map(({ body }) => JSON.parse(body))).toEqual([
      { Name: '/a' },
      { Name: '/a', NextToken: 'more' },
    ]);
  });

  test('that are not there have no history', async () => {
    endpoint.replies.push(jsonError('ParameterNotFound', 'Parameter /a not found.'));
    await expect(parameters.history('/a', signal)).resolves.toEqual([]);
  });

  test.each([{ Version: 1 }, { Value: 'text' }])('with %j in their history are an error', async (version) => {
    endpoint.replies.push(jsonReply({ Parameters: [version] }));
    await expect(parameters.history('/a', signal)).rejects.toThrow('ssm:GetParameterHistory failed with InvalidAnswer');
  });

  test('can be deleted twice', async () => {
    endpoint.replies.push(jsonReply({}), jsonError('ParameterNotFound', 'Parameter /a not found.'));
    await parameters.delete('/a', signal);
    await expect(parameters.delete('/a', signal)).resolves.toBeUndefined();
  });
});
