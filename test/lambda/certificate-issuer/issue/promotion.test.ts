import { parseClientSecret } from '../../../../mesh/client-secret';
import { MemoryBus } from '../../../registry/memory-bus';
import { MemoryRegistry } from '../../../registry/memory-registry';
import { createRequest, REQUEST_ID } from '../../custom-resource/requests';
import { issuerWith } from '../issuer';
import { MemoryAuthority } from '../memory-authority';
import { MemorySecrets } from '../memory-secrets';
import { PROPERTIES } from '../properties';

const HOUR = 3_600_000;
const UPDATE_ID = '11111111-2222-4333-8444-555555555555';
const ROLLBACK_ID = '99999999-2222-4333-8444-555555555555';
const ROTATION_ID = '7a6b5c4d-1111-4222-8333-944455556666';
const signal = new AbortController().signal;

describe('the current version of a secret', () => {
  let secrets: MemorySecrets;
  let registry: MemoryRegistry;
  let issuer: ReturnType<typeof issuerWith>;
  let authority: MemoryAuthority;
  let offset: number;

  const later = () => {
    offset += HOUR;
  };
  const deploy = (requestId: string, properties: object = {}, limited = signal) =>
    issuer.clientCertificateResource.apply(
      createRequest({ requestId, properties: { ...PROPERTIES, OverlapHours: '6', ...properties } }),
      limited,
    );
  const step = (name: 'createSecret' | 'testSecret' | 'finishSecret') =>
    issuer.rotation.run({ step: name, secretId: PROPERTIES.SecretId, versionId: ROTATION_ID }, signal);
  const beginRotation = async () => {
    secrets.beginRotation(ROTATION_ID);
    await step('createSecret');
    await step('testSecret');
  };
  const registered = (versionId: string) =>
    registry.certificates.get(parseClientSecret(secrets.versions.get(versionId) ?? '').fingerprint);
  /** Has the next call of that kind fail for its caller; carries it out when it is asked to. */
  const delay = (name: 'putVersion' | 'promoteVersion'): (() => Promise<unknown>) => {
    const real = secrets[name].bind(secrets) as (...given: unknown[]) => Promise<unknown>;
    let late = (): Promise<unknown> => Promise.reject(new Error('never called'));
    secrets[name] = ((...given: unknown[]) => {
      secrets[name] = real as never;
      late = () => real(...given);
      return Promise.reject(new Error('given up'));
    }) as never;
    return () => late();
  };

  beforeEach(async () => {
    offset = 0;
    authority = await MemoryAuthority.create();
    authority.looksBeforeIssued = 0;
    authority.now = () => Date.now() + offset;
    secrets = new MemorySecrets();
    registry = new MemoryRegistry();
    issuer = issuerWith({
      authority,
      registry,
      secrets,
      bus: new MemoryBus(),
      now: () => new Date(Date.now() + offset),
    });
  });

  test('is the first one put, without being looked for or moved', async () => {
    const called = jest.spyOn(secrets, 'findVersion');
    const moved = jest.spyOn(secrets, 'promoteVersion');

    await deploy(REQUEST_ID);

    expect(secrets.current).toBe(REQUEST_ID);
    expect(registered(REQUEST_ID)?.currentSince).toBeDefined();
    expect([called, moved].map((calls) => calls.mock.calls.length)).toEqual([0, 0]);
  });

  test('is another one after a deployment, which clients could not read before all was done', async () => {
    await deploy(REQUEST_ID);
    later();
    const make = secrets.promoteVersion.bind(secrets);
    secrets.promoteVersion = (...given) => {
      expect([secrets.current, secrets.stages.get('DEPLOYMENT')]).toEqual([REQUEST_ID, UPDATE_ID]);
      return make(...given);
    };

    await deploy(UPDATE_ID);

    expect(secrets.current).toBe(UPDATE_ID);
    expect.assertions(2);
  });

  test('stays that of the rollback when the put of the deployment before comes late', async () => {
    await deploy(REQUEST_ID);
    later();
    const late = delay('putVersion');
    await expect(deploy(UPDATE_ID)).rejects.toThrow('given up');
    later();
    await deploy(ROLLBACK_ID);

    await late();

    expect(secrets.versions.has(UPDATE_ID)).toBe(true);
    expect(secrets.current).toBe(ROLLBACK_ID);
  });

  test('stays that of the rollback when the move of the deployment before comes late', async () => {
    await deploy(REQUEST_ID);
    later();
    const late = delay('promoteVersion');
    await expect(deploy(UPDATE_ID)).rejects.toThrow('given up');
    later();
    await deploy(ROLLBACK_ID);

    await expect(late()).resolves.toBe(false);

    expect(secrets.current).toBe(ROLLBACK_ID);
  });

  test('becomes that of the rollback when the move of the deployment before comes in between', async () => {
    await deploy(REQUEST_ID);
    later();
    const late = delay('promoteVersion');
    await expect(deploy(UPDATE_ID)).rejects.toThrow('given up');
    later();
    const make = secrets.promoteVersion.bind(secrets);
    secrets.promoteVersion = async (...given) => {
      secrets.promoteVersion = make;
      await late();
      return make(...given);
    };

    await deploy(ROLLBACK_ID);

    expect(secrets.current).toBe(ROLLBACK_ID);
    expect(registered(ROLLBACK_ID)?.currentSince).toBeDefined();
  });

  test('becomes that of a deployment when a rotation finishes in between', async () => {
    await deploy(REQUEST_ID);
    later();
    await beginRotation();
    later();
    const make = secrets.promoteVersion.bind(secrets);
    secrets.promoteVersion = async (...given) => {
      secrets.promoteVersion = make;
      await step('finishSecret');
      later();
      return make(...given);
    };

    await deploy(UPDATE_ID);

    expect(secrets.current).toBe(UPDATE_ID);
    expect(registered(UPDATE_ID)?.refuseAfter).toBeUndefined();
    expect(registered(ROTATION_ID)?.refuseAfter).toBeDefined();
  });

  test('stays that of a deployment, for the registry too, when a rotation before it notes its end after it', async () => {
    await deploy(REQUEST_ID);
    later();
    await beginRotation();
    later();
    const note = registry.markCurrent.bind(registry);
    registry.markCurrent = async (id) => {
      registry.markCurrent = note;
      await deploy(UPDATE_ID);
      later();
      await note(id, new Date(Date.now() + offset).toISOString());
    };

    await step('finishSecret');

    expect(secrets.current).toBe(UPDATE_ID);
    expect(registered(UPDATE_ID)?.refuseAfter).toBeUndefined();
    expect(registered(ROTATION_ID)?.refuseAfter).toBeDefined();
  });

  test('stays that of a deployment when a rotation that began before it would finish; another can begin', async () => {
    await deploy(REQUEST_ID);
    later();
    await beginRotation();
    later();
    await deploy(UPDATE_ID);
    later();

    await expect(step('finishSecret')).rejects.toThrow(/is older than the current version/);

    expect(secrets.current).toBe(UPDATE_ID);
    expect(secrets.stages.has('AWSPENDING')).toBe(false);
  });

  test('stays when an older event is delivered again, also one whose certificate was lost before', async () => {
    await deploy(REQUEST_ID);
    later();
    const put = secrets.putVersion;
    secrets.putVersion = () => Promise.reject(new Error('killed'));
    await expect(deploy(UPDATE_ID)).rejects.toThrow('killed');
    secrets.putVersion = put;
    later();
    await deploy(ROLLBACK_ID);
    later();

    await deploy(REQUEST_ID);
    await deploy(UPDATE_ID);

    expect(secrets.current).toBe(ROLLBACK_ID);
    expect(registered(ROLLBACK_ID)?.refuseAfter).toBeUndefined();
    expect(registered(UPDATE_ID)?.currentSince).toBeUndefined();
    expect(issuer.logs.filter(({ event }) => event === 'deployment-replaced')).toHaveLength(2);
  });

  test('is taken over from one that the registry does not know', async () => {
    await deploy(REQUEST_ID);
    registry.certificates.clear();
    later();

    await deploy(UPDATE_ID);

    expect(secrets.current).toBe(UPDATE_ID);
  });

  test('counts as moved when the answer of the move was lost', async () => {
    await deploy(REQUEST_ID);
    later();
    const make = secrets.promoteVersion.bind(secrets);
    secrets.promoteVersion = async (...given) => {
      await make(...given);
      return make(...given);
    };

    await deploy(UPDATE_ID);

    expect(secrets.current).toBe(UPDATE_ID);
  });

  test('stays when the time ends before the move', async () => {
    await deploy(REQUEST_ID);
    later();
    const controller = new AbortController();
    const findVersion = secrets.findVersion.bind(secrets);
    secrets.findVersion = (...given) => {
      controller.abort(new Error('the time is over'));
      return findVersion(...given);
    };

    await expect(deploy(UPDATE_ID, {}, controller.signal)).rejects.toThrow('the time is over');

    expect(secrets.current).toBe(REQUEST_ID);
  });

  test('fails the deployment when Secrets Manager keeps it without a reason', async () => {
    await deploy(REQUEST_ID);
    later();
    secrets.promoteVersion = async () => false;

    await expect(deploy(UPDATE_ID)).rejects.toThrow(
      `version ${REQUEST_ID} of ${PROPERTIES.SecretId} can't be replaced`,
    );
  });

  test('has those before it refused after the overlap, also what never was current', async () => {
    await deploy(REQUEST_ID);
    later();
    const late = delay('putVersion');
    await expect(deploy(UPDATE_ID)).rejects.toThrow('given up');
    await late();
    later();

    await deploy(ROLLBACK_ID);

    const since = Date.parse(registered(ROLLBACK_ID)?.currentSince ?? '');
    for (const versionId of [REQUEST_ID, UPDATE_ID]) {
      expect(Date.parse(registered(versionId)?.refuseAfter ?? '') - since).toBe(6 * HOUR);
    }
    expect(registered(ROLLBACK_ID)?.refuseAfter).toBeUndefined();
  });
});
