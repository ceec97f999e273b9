import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { FUNCTION_SDK_SETTINGS } from '../../aws/sdk';
import { rotateSecret, SecretsManager } from '../../aws/secrets-manager';
import { jsonError, jsonReply, ServiceEndpoint, setEnvironment } from './service-endpoint';

const SECRET = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:mesh.example.com/mail-AbCdEf';
const VERSION = '2f5b8a1e-6c3d-4e7f-9a0b-1c2d3e4f5a6b';
const NEW_VERSION = { secretId: SECRET, versionId: VERSION, stage: 'DEPLOYMENT' } as const;
const signal = new AbortController().signal;

describe('Secrets Manager', () => {
  let endpoint: ServiceEndpoint;
  let secrets: SecretsManager;
  let restoreEnvironment: () => void;
  /** The secrets that a client was asked for. */
  let clients: string[];

  beforeEach(async () => {
    endpoint = await ServiceEndpoint.open();
    restoreEnvironment = setEnvironment({ AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint.url });
    const client = new SecretsManagerClient(FUNCTION_SDK_SETTINGS);
    clients = [];
    secrets = new SecretsManager((secretId) => {
      clients.push(secretId);
      return client;
    });
  });
  afterEach(async () => {
    restoreEnvironment();
    await endpoint.close();
  });

  const sent = () => JSON.parse(endpoint.calls[0]?.body ?? '{}');

  test('reads one version by its id', async () => {
    endpoint.replies.push(jsonReply({ ARN: SECRET, VersionId: VERSION, SecretString: 'value' }));

    await expect(secrets.getVersion(SECRET, VERSION, signal)).resolves.toBe('value');

    expect(sent()).toEqual({ SecretId: SECRET, VersionId: VERSION });
  });

  test('gives nothing for a version that does not exist', async () => {
    endpoint.replies.push(
      jsonError('ResourceNotFoundException', "Secrets Manager can't find the specified secret value"),
    );

    await expect(secrets.getVersion(SECRET, VERSION, signal)).resolves.toBeUndefined();
  });

  test('adds a version under the id given, in the stage given', async () => {
    endpoint.replies.push(jsonReply({ ARN: SECRET, VersionId: VERSION, VersionStages: ['DEPLOYMENT'] }));

    await expect(secrets.putVersion({ ...NEW_VERSION, value: 'value' }, signal)).resolves.toBe('stored');

    expect(sent()).toEqual({
      SecretId: SECRET,
      ClientRequestToken: VERSION,
      SecretString: 'value',
      VersionStages: ['DEPLOYMENT'],
    });
  });

  test('names the rotation that a version is for', async () => {
    endpoint.replies.push(jsonReply({ ARN: SECRET, VersionId: VERSION, VersionStages: ['AWSPENDING'] }));
    const rotationToken = '0f3b8a1e-6c3d-4e7f-9a0b-1c2d3e4f5a6b';

    await secrets.putVersion({ ...NEW_VERSION, stage: 'AWSPENDING', value: 'value', rotationToken }, signal);

    expect(sent()).toEqual({
      SecretId: SECRET,
      ClientRequestToken: VERSION,
      SecretString: 'value',
      VersionStages: ['AWSPENDING'],
      RotationToken: rotationToken,
    });
  });

  test('asks for the client that reaches the secret, in each call', async () => {
    endpoint.replies.push(
      jsonReply({ ARN: SECRET, VersionIdsToStages: { a: ['AWSCURRENT'] } }),
      jsonReply({ ARN: SECRET }),
    );

    await secrets.findVersion(SECRET, 'AWSCURRENT', signal);
    await secrets.promoteVersion(SECRET, VERSION, 'a', signal);

    expect(clients).toEqual([SECRET, SECRET]);
  });

  test('says when a version is current at once, as the first one of a secret is', async () => {
    endpoint.replies.push(jsonReply({ ARN: SECRET, VersionId: VERSION, VersionStages: ['AWSCURRENT', 'DEPLOYMENT'] }));

    const put = secrets.putVersion({ ...NEW_VERSION, value: 'value' }, signal);

    await expect(put).resolves.toBe('stored as current');
  });

  test('says when the version exists with another value', async () => {
    endpoint.replies.push(jsonError('ResourceExistsException', 'You have already put this version'));

    await expect(secrets.putVersion({ ...NEW_VERSION, value: 'value' }, signal)).resolves.toBe('exists');
  });

  test.each([
    ['AWSPENDING', 'b'],
    ['AWSCURRENT', 'a'],
  ] as const)('finds the version in stage %s', async (stage, versionId) => {
    const VersionIdsToStages = { a: ['AWSCURRENT'], b: ['other', 'AWSPENDING'], c: [] };
    endpoint.replies.push(jsonReply({ ARN: SECRET, VersionIdsToStages }));

    await expect(secrets.findVersion(SECRET, stage, signal)).resolves.toBe(versionId);

    expect(sent()).toEqual({ SecretId: SECRET });
  });

  test('finds nothing in a secret without versions', async () => {
    endpoint.replies.push(jsonReply({ ARN: SECRET }));

    await expect(secrets.findVersion(SECRET, 'AWSCURRENT', signal)).resolves.toBeUndefined();
  });

  test('makes a version current in the place of another', async () => {
    endpoint.replies.push(jsonReply({ ARN: SECRET }));

    await expect(secrets.promoteVersion(SECRET, VERSION, 'before', signal)).resolves.toBe(true);

    expect(sent()).toEqual({
      SecretId: SECRET,
      VersionStage: 'AWSCURRENT',
      MoveToVersionId: VERSION,
      RemoveFromVersionId: 'before',
    });
  });

  test('says when another version was current than the one to replace', async () => {
    endpoint.replies.push(
      jsonError('InvalidParameterException', 'Staging label AWSCURRENT is currently attached to …'),
    );

    await expect(secrets.promoteVersion(SECRET, VERSION, 'before', signal)).resolves.toBe(false);
  });

  test('fails when the current version can’t be replaced for another reason', async () => {
    endpoint.replies.push(jsonError('AccessDeniedException', 'no'));

    await expect(secrets.promoteVersion(SECRET, VERSION, 'before', signal)).rejects.toMatchObject({
      code: 'AccessDeniedException',
    });
  });

  test('takes the pending stage from a version', async () => {
    endpoint.replies.push(jsonReply({ ARN: SECRET }));

    await secrets.removePending(SECRET, VERSION, signal);

    expect(sent()).toEqual({ SecretId: SECRET, VersionStage: 'AWSPENDING', RemoveFromVersionId: VERSION });
  });

  test('knows no version of an earlier rotation that Secrets Manager attempts again', async () => {
    const incomplete = "A previous rotation isn't complete. That rotation will be reattempted.";
    endpoint.replies.push(
      jsonError('InvalidRequestException', incomplete),
      jsonError('InvalidRequestException', 'No Lambda rotation function ARN is associated with this secret.'),
    );
    const client = new SecretsManagerClient(FUNCTION_SDK_SETTINGS);

    await expect(rotateSecret(client, SECRET, signal)).resolves.toBeUndefined();
    await expect(rotateSecret(client, SECRET, signal)).rejects.toMatchObject({ code: 'InvalidRequestException' });
  });

  test('starts a rotation and returns the version that it will make current', async () => {
    endpoint.replies.push(jsonReply({ ARN: SECRET, VersionId: VERSION }), jsonReply({ ARN: SECRET }));
    const client = new SecretsManagerClient(FUNCTION_SDK_SETTINGS);

    await expect(rotateSecret(client, SECRET, signal)).resolves.toBe(VERSION);
    await expect(rotateSecret(client, SECRET, signal)).rejects.toMatchObject({ code: 'InvalidAnswer' });

    expect(endpoint.calls[0]?.headers['x-amz-target']).toBe('secretsmanager.RotateSecret');
    expect(sent()).toMatchObject({ SecretId: SECRET });
  });

  test('keeps nothing of what was sent in its errors', async () => {
    endpoint.replies.push(jsonError('AccessDeniedException', 'no'));

    const error = await secrets.putVersion({ ...NEW_VERSION, value: 'private' }, signal).catch((thrown) => thrown);

    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('private');
    expect(error.cause).toBeUndefined();
  });
});
