import { functionConnection } from '../../aws/connection';
import { RegistryLookup } from '../../registry/lookup';
import { jsonError, jsonReply, ServiceEndpoint, setEnvironment } from '../aws/service-endpoint';

const CLIENT = {
  partitionKey: { S: 'CLIENT#mail' },
  sortKey: { S: 'CLIENT' },
  spiffeId: { S: 'spiffe://mesh.example.com/mail' },
  state: { S: 'ENABLED' },
};
const CERTIFICATE = {
  partitionKey: { S: 'CLIENT#mail' },
  sortKey: { S: 'CERTIFICATE#AA' },
  spiffeId: { S: 'spiffe://mesh.example.com/mail' },
  status: { S: 'ISSUED' },
};

/** The client and its grants. */
const KEYS_OF_MAIL = [
  { partitionKey: { S: 'CLIENT#mail' }, sortKey: { S: 'CLIENT' } },
  { partitionKey: { S: 'CLIENT#mail' }, sortKey: { S: 'GRANTS' } },
];

describe('reading the registry for a decision', () => {
  let endpoint: ServiceEndpoint;
  let restoreEnvironment: () => void;
  let lookup: RegistryLookup;

  beforeEach(async () => {
    endpoint = await ServiceEndpoint.open();
    restoreEnvironment = setEnvironment({ AWS_ENDPOINT_URL_DYNAMODB: endpoint.url });
    lookup = new RegistryLookup('registry', functionConnection(process.env));
  });
  afterEach(async () => {
    restoreEnvironment();
    await endpoint.close();
  });

  const sent = () => endpoint.calls.map(({ body }) => JSON.parse(body));

  test('is one consistent call', async () => {
    endpoint.replies.push(jsonReply({ Responses: { registry: [CERTIFICATE, CLIENT] }, UnprocessedKeys: {} }));

    await expect(lookup.findIssued('mail', 'AA')).resolves.toMatchObject({
      client: { state: 'ENABLED' },
      certificate: { status: 'ISSUED' },
    });

    const { partitionKey } = CLIENT;
    expect(endpoint.calls[0]?.headers['x-amz-target']).toBe('DynamoDB_20120810.BatchGetItem');
    expect(sent()).toEqual([
      {
        RequestItems: {
          registry: {
            Keys: [{ partitionKey, sortKey: { S: 'CERTIFICATE#AA' } }, ...KEYS_OF_MAIL],
            ConsistentRead: true,
          },
        },
      },
    ]);
  });

  test('asks for all identities of a certificate in one consistent call', async () => {
    const identity = {
      partitionKey: { S: 'IDENTITY#0b' },
      sortKey: { S: 'IDENTITY' },
      clientName: { S: 'billing' },
      authority: { N: '7' },
    };
    endpoint.replies.push(jsonReply({ Responses: { registry: [identity] } }));

    await expect(lookup.findIdentities(['0a', '0b'])).resolves.toEqual([{ clientName: 'billing', authority: '' }]);

    expect(sent()).toEqual([
      {
        RequestItems: {
          registry: {
            Keys: [
              { partitionKey: { S: 'IDENTITY#0a' }, sortKey: { S: 'IDENTITY' } },
              { partitionKey: { S: 'IDENTITY#0b' }, sortKey: { S: 'IDENTITY' } },
            ],
            ConsistentRead: true,
          },
        },
      },
    ]);
  });

  test('asks again for what DynamoDB left out', async () => {
    const UnprocessedKeys = { registry: { Keys: [{ sortKey: { S: 'CLIENT' } }], ConsistentRead: true } };
    endpoint.replies.push(jsonReply({ Responses: { registry: [CERTIFICATE] }, UnprocessedKeys }));
    endpoint.replies.push(jsonReply({ Responses: { registry: [CLIENT] } }));

    await expect(lookup.findIssued('mail', 'AA')).resolves.toMatchObject({
      client: { state: 'ENABLED' },
      certificate: { status: 'ISSUED' },
    });
    expect(sent()[1]).toEqual({ RequestItems: UnprocessedKeys });
  });

  test('finds nothing about a client and a certificate that are not registered', async () => {
    endpoint.replies.push(jsonReply({ Responses: { registry: [] } }));

    await expect(lookup.findIssued('mail', 'AA')).resolves.toEqual({
      client: undefined,
      certificate: undefined,
      grants: [],
    });
  });

  test('reads what a decision needs, and nothing else', async () => {
    const validity = { notBefore: { S: '2026-11-22T11:00:00Z' }, notAfter: { S: '2026-11-29T12:00:00Z' } };
    const certificate = { ...CERTIFICATE, ...validity, refuseAfter: { S: '2026-11-23T12:00:00Z' } };
    endpoint.replies.push(jsonReply({ Responses: { registry: [CLIENT, certificate] } }));

    await expect(lookup.findIssued('mail', 'AA')).resolves.toEqual({
      client: { spiffeId: 'spiffe://mesh.example.com/mail', state: 'ENABLED' },
      certificate: {
        spiffeId: 'spiffe://mesh.example.com/mail',
        status: 'ISSUED',
        notBefore: '2026-11-22T11:00:00Z',
        notAfter: '2026-11-29T12:00:00Z',
        refuseAfter: '2026-11-23T12:00:00Z',
      },
      grants: [],
    });
  });

  test('reads the grants of the client, and leaves out malformed ones', async () => {
    const grants = {
      partitionKey: { S: 'CLIENT#mail' },
      sortKey: { S: 'GRANTS' },
      service_schedule: { L: [{ S: 'a1 POST /schedule/events' }, { S: 'a1 post /x' }, { N: '7' }, { S: 'ANY /x' }] },
      service_my_files: { L: [{ S: 'b2 ANY /my-files/*' }] },
      service_odd: { S: 'a1 ANY /odd/*' },
      other: { L: [{ S: 'a1 ANY /other/*' }] },
    };
    endpoint.replies.push(jsonReply({ Responses: { registry: [CLIENT, grants] } }));

    const { client, grants: held } = await lookup.findIssued('mail', 'AA');
    expect(client).toEqual({ spiffeId: 'spiffe://mesh.example.com/mail', state: 'ENABLED' });
    expect(held.map(({ apiId, text }) => `${apiId} ${text}`).sort()).toEqual([
      'a1 POST /schedule/events',
      'b2 ANY /my-files/*',
    ]);
  });

  test('reads the grants of all clients by themselves', async () => {
    const key = { partitionKey: { S: 'CLIENT#*' }, sortKey: { S: 'GRANTS' } };
    const item = { ...key, service_schedule: { L: [{ S: 'a1 GET /schedule' }] } };
    endpoint.replies.push(jsonReply({ Responses: { registry: [item] } }));
    await expect(lookup.findGrantsOfAllClients()).resolves.toMatchObject([{ apiId: 'a1', text: 'GET /schedule' }]);
    expect(sent()).toEqual([{ RequestItems: { registry: { Keys: [key], ConsistentRead: true } } }]);
  });

  test('reads an external client with its trust anchor', async () => {
    endpoint.replies.push(jsonReply({ Responses: { registry: [{ ...CLIENT, trustAnchor: { S: 'partner' } }] } }));

    await expect(lookup.findExternalClient('mail')).resolves.toEqual({
      client: { spiffeId: 'spiffe://mesh.example.com/mail', state: 'ENABLED', trustAnchor: 'partner' },
      grants: [],
    });

    expect(sent()).toEqual([{ RequestItems: { registry: { Keys: KEYS_OF_MAIL, ConsistentRead: true } } }]);
  });

  test('finds no external client that is not registered', async () => {
    endpoint.replies.push(jsonReply({ Responses: { registry: [] } }));

    await expect(lookup.findExternalClient('mail')).resolves.toEqual({ client: undefined, grants: [] });
  });

  test('tries a throttled table three times', async () => {
    const throttled = jsonError('ProvisionedThroughputExceededException', 'too many');
    endpoint.replies.push(throttled, throttled, throttled, throttled);

    await expect(lookup.findIssued('mail', 'AA')).rejects.toMatchObject({
      code: 'ProvisionedThroughputExceededException',
    });
    expect(endpoint.calls).toHaveLength(3);
  });

  test('fails when the table can’t be read', async () => {
    endpoint.replies.push(jsonError('AccessDeniedException', 'not authorized'));

    await expect(lookup.findIssued('mail', 'AA')).rejects.toMatchObject({ code: 'AccessDeniedException' });
  });

  test('fails when the answer has no responses', async () => {
    endpoint.replies.push(jsonReply({}));

    await expect(lookup.findIssued('mail', 'AA')).rejects.toMatchObject({ code: 'InvalidAnswer' });
  });

  test('takes an attribute that is no text for one that says nothing good', async () => {
    const spoilt = { ...CERTIFICATE, status: { BOOL: true }, refuseAfter: { N: '9999999999' } };
    endpoint.replies.push(jsonReply({ Responses: { registry: [spoilt] } }));

    await expect(lookup.findIssued('mail', 'AA')).resolves.toMatchObject({
      certificate: { status: '', refuseAfter: '' },
    });
  });
});
