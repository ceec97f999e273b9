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
    await expect(parameters.put('/a', 'text', { overwrite: true }, signal)).resolves.toBe(true);
    expect(JSON.parse(endpoint.calls[0]?.body ?? '')).toEqual({
      Name: '/a',
      Value: 'text',
      Type: 'String',
      Tier: 'Intelligent-Tiering',
      Overwrite: true,
    });
  });

  test('that are there already stay as they are', async () => {
    endpoint.replies.push(jsonError('ParameterAlreadyExists', 'The parameter already exists.'));
    await expect(parameters.put('/a', 'text', { overwrite: false }, signal)).resolves.toBe(false);
  });

  test('can be deleted twice', async () => {
    endpoint.replies.push(jsonReply({}), jsonError('ParameterNotFound', 'Parameter /a not found.'));
    await parameters.delete('/a', signal);
    await expect(parameters.delete('/a', signal)).resolves.toBeUndefined();
  });

  test('that may not be read yet are read when a permission has taken effect', async () => {
    endpoint.replies.push(jsonError('AccessDeniedException', 'not yet'), jsonReply({ Parameter: { Value: 'text' } }));
    await expect(parameters.get('/a', signal)).resolves.toBe('text');
  });
});
