import type { DomainNameState } from '../../../aws/api-gateway';
import type { LogEntry } from '../../../aws/cloudwatch';
import { handleCustomResource } from '../../../lambda/custom-resource/custom-resource';
import { PropertyError } from '../../../lambda/custom-resource/properties';
import { StackList } from '../../../lambda/custom-resource/stack-list';
import {
  DomainTruststoreError,
  DomainTruststoreResource,
} from '../../../lambda/truststore-publisher/domain-truststore-resource';
import { createEvent, createRequest } from '../custom-resource/requests';
import { ResponseBucket } from '../custom-resource/response-bucket';

const signal = new AbortController().signal;
const properties = { DomainName: 'mesh.example.com', TruststoreVersion: 'v2', PropagationSeconds: '40' };
const request = (overrides: object = {}) => createRequest({ properties: { ...properties, ...overrides } });

const state = (overrides: Partial<DomainNameState> = {}): DomainNameState => ({
  status: 'AVAILABLE',
  statusMessage: undefined,
  truststoreUri: 's3://mesh-truststore/truststore.pem',
  truststoreVersion: 'v2',
  truststoreWarnings: [],
  ...overrides,
});

/** A domain that stands as it is told, look by look; at last it stays as it is. */
function domainThatIs(...states: DomainNameState[]) {
  const looks: string[] = [];
  const domainName = async (name: string) => {
    looks.push(name);
    return states[Math.min(looks.length, states.length) - 1] ?? state();
  };
  return { looks, domainName };
}

function waitFor(domain: ReturnType<typeof domainThatIs>, deadline = 60_000) {
  const logs: LogEntry[] = [];
  const pauses: number[] = [];
  const pause = async (milliseconds: number) => void pauses.push(milliseconds);
  const log = (entry: LogEntry) => logs.push(entry);
  return { logs, pauses, resource: new DomainTruststoreResource({ domainNames: domain, deadline, pause, log }) };
}

describe('that a domain uses its truststore', () => {
  test('is seen at the first look when it does already', async () => {
    const domain = domainThatIs(state());
    const { resource, logs } = waitFor(domain);

    await expect(resource.apply(request(), signal)).resolves.toEqual({});

    expect(domain.looks).toEqual(['mesh.example.com']);
    expect(logs).toMatchObject([
      { event: 'truststore-in-use', domainName: 'mesh.example.com', versionId: 'v2' },
      { event: 'truststore-propagated' },
    ]);
  });

  test('is waited for after a change until all of API Gateway does, with a look now and then', async () => {
    const domain = domainThatIs(state());
    const { resource, pauses } = waitFor(domain);
    const changed = { requestType: 'Update', properties, oldProperties: { ...properties, TruststoreVersion: 'v1' } };

    await resource.apply(createRequest(changed), signal);

    expect(pauses).toEqual([15_000, 15_000, 10_000]);
    expect(domain.looks).toHaveLength(4);
  });

  test.each([
    ['the domain is new', 'Create', {}],
    ['the version is the same', 'Update', { ...properties, PropagationSeconds: '0' }],
  ])('is not waited for when %s', async (_, requestType, oldProperties) => {
    const { resource, pauses } = waitFor(domainThatIs(state()));
    await resource.apply(createRequest({ requestType, properties, oldProperties }), signal);
    expect(pauses).toEqual([]);
  });

  test('fails when the domain comes to warn during the propagation', async () => {
    const { resource } = waitFor(domainThatIs(state(), state({ truststoreWarnings: ['expired'] })));
    const changed = { requestType: 'Update', properties, oldProperties: {} };
    await expect(resource.apply(createRequest(changed), signal)).rejects.toThrow('API Gateway warns');
  });

  test.each(['', '-1', '1.5', '1000', 40, undefined])('is refused a propagation of %j seconds', async (value) => {
    const { resource } = waitFor(domainThatIs(state()));
    await expect(resource.apply(request({ PropagationSeconds: value }), signal)).rejects.toThrow(PropertyError);
  });

  test.each([
    ['it is updating, whichever version it names', { status: 'UPDATING' }],
    ['it is updating and warns of what it had before', { status: 'UPDATING', truststoreWarnings: ['expired'] }],
    ['it has another version', { truststoreVersion: 'v1' }],
    ['it has another version and warns of that', { truststoreVersion: 'v1', truststoreWarnings: ['expired'] }],
    ['it has no truststore', { truststoreVersion: undefined }],
    ['its status is a new one', { status: 'MIGRATING' }],
  ])('is waited for as long as %s', async (_case, before) => {
    const domain = domainThatIs(state(before), state(before), state());

    await waitFor(domain).resource.apply(request(), signal);

    expect(domain.looks).toHaveLength(3);
  });

  test('fails with what API Gateway warns of', async () => {
    const domain = domainThatIs(state({ truststoreWarnings: ['one is expired', 'another is no CA'] }));

    const applied = waitFor(domain).resource.apply(request(), signal);

    await expect(applied).rejects.toThrow(DomainTruststoreError);
    await expect(applied).rejects.toThrow(
      'API Gateway warns about the truststore of domain mesh.example.com and would refuse some clients: one is expired; another is no CA',
    );
  });

  test.each(['PENDING_CERTIFICATE_REIMPORT', 'PENDING_OWNERSHIP_VERIFICATION'])(
    'fails when it is %s',
    async (status) => {
      const domain = domainThatIs(state({ status, statusMessage: 'reimport the certificate' }));

      await expect(waitFor(domain).resource.apply(request(), signal)).rejects.toThrow(
        `domain mesh.example.com is ${status} and accepts no truststore until that is resolved: reimport the certificate`,
      );
      expect(domain.looks).toHaveLength(1);
    },
  );

  test('fails when time has run out, with how it stands and what to do', async () => {
    const domain = domainThatIs(state({ status: 'UPDATING', truststoreVersion: undefined }));

    await expect(waitFor(domain, 0).resource.apply(request(), signal)).rejects.toThrow(
      'domain mesh.example.com does not use version v2 of its truststore yet: it is UPDATING and has version none; deploy again when it is AVAILABLE',
    );
  });

  test('is waited for no longer than there is somebody to answer', async () => {
    const controller = new AbortController();
    const domain = domainThatIs(state({ status: 'UPDATING' }));
    const applied = waitFor(domain).resource.apply(request(), controller.signal);

    controller.abort(new Error('time is up'));

    await expect(applied).rejects.toThrow();
  });

  test('is identified by the domain, and leaves nothing to take away', async () => {
    const domain = domainThatIs(state());
    const { resource } = waitFor(domain);

    expect(resource.identify(properties)).toBe('mesh.example.com');
    await expect(resource.remove()).resolves.toBeUndefined();
    expect(domain.looks).toEqual([]);
  });

  test('can be deleted with a stack that the mesh no longer serves', async () => {
    const bucket = await ResponseBucket.open();
    const { resource, logs } = waitFor(domainThatIs(state()));
    const event = createEvent({
      RequestType: 'Delete',
      ResponseURL: bucket.url,
      PhysicalResourceId: 'mesh.example.com',
      ResourceProperties: properties,
    });
    const invocation = {
      getRemainingTimeInMillis: () => 60_000,
      invokedFunctionArn: 'arn:aws:lambda:eu-central-1:111122223333:function:publisher',
      logGroupName: 'group',
      logStreamName: 'stream',
    };

    try {
      await handleCustomResource(resource, event, {
        invocation,
        stacks: new StackList(String(event['StackId']).replace(/[^/]*$/, 'another'), []),
        log: (entry) => logs.push(entry),
      });

      expect(bucket.answer).toMatchObject({ Status: 'SUCCESS' });
    } finally {
      await bucket.close();
    }
  });

  test.each([
    ['DomainName', undefined],
    ['DomainName', ''],
    ['DomainName', 'Mesh.example.com'],
    ['DomainName', '*.example.com'],
    ['DomainName', 'mesh.example.com/../../restapis'],
    ['DomainName', 'mesh.example.com?x'],
    ['DomainName', ['mesh.example.com']],
    ['TruststoreVersion', undefined],
    ['TruststoreVersion', ''],
    ['TruststoreVersion', 'v 2'],
    ['TruststoreVersion', 'v2\n'],
    ['TruststoreVersion', 'v'.repeat(65)],
  ])('is not asked for with %s: %j', async (property, value) => {
    const domain = domainThatIs(state());

    const applied = waitFor(domain).resource.apply(request({ [property]: value }), signal);

    await expect(applied).rejects.toThrow(PropertyError);
    await expect(applied).rejects.toThrow(new RegExp(`^${property} must`));
    expect(domain.looks).toEqual([]);
  });
});
