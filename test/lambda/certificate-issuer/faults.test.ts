import { parseClientSecret, verifyClientSecret } from '../../../mesh/client-secret';
import type { RegistryCertificate } from '../../../registry/records';
import { MemoryBus } from '../../registry/memory-bus';
import { MemoryRegistry } from '../../registry/memory-registry';
import { createRequest, REQUEST_ID } from '../custom-resource/requests';
import { Calls, FAULTS, type Fault, FaultyCalls, LateCalls, OvertakenCalls } from './faults';
import { issuerWith } from './issuer';
import { MemoryAuthority } from './memory-authority';
import { MemorySecrets } from './memory-secrets';
import { PROPERTIES } from './properties';

const UPDATE_ID = '11111111-2222-4333-8444-555555555555';
const ROLLBACK_ID = '99999999-2222-4333-8444-555555555555';
const HOUR = 3_600_000;
const signal = new AbortController().signal;

const create = createRequest({ properties: { ...PROPERTIES } });
const update = createRequest({ requestId: UPDATE_ID, properties: { ...PROPERTIES, OverlapHours: '1' } });
const rollback = createRequest({ requestId: ROLLBACK_ID, properties: { ...PROPERTIES } });

/** A mesh of one client, whose ports may fail. */
class Mesh {
  readonly registry = new MemoryRegistry();
  readonly secrets = new MemorySecrets();
  offset = 0;
  private tokens = 0;

  constructor(readonly authority: MemoryAuthority) {
    authority.looksBeforeIssued = 0;
    authority.now = () => Date.now() + this.offset;
  }

  copy(): Mesh {
    const mesh = new Mesh(this.authority);
    for (const [name, client] of this.registry.clients) mesh.registry.clients.set(name, client);
    for (const [id, certificate] of this.registry.certificates) mesh.registry.certificates.set(id, certificate);
    for (const [id, value] of this.secrets.versions) mesh.secrets.versions.set(id, value);
    for (const [stage, id] of this.secrets.stages) mesh.secrets.stages.set(stage, id);
    mesh.offset = this.offset;
    mesh.tokens = this.tokens;
    return mesh;
  }

  issuer(calls: Calls) {
    this.offset += HOUR / 60;
    return issuerWith({
      authority: calls.around(this.authority),
      registry: calls.around(this.registry),
      secrets: calls.around(this.secrets),
      bus: calls.around(new MemoryBus()),
      now: () => new Date(Date.now() + this.offset),
    });
  }

  /** What Secrets Manager does: all steps in turn, for the version that is pending if there is one already. */
  async rotate(calls: Calls): Promise<void> {
    const { rotation } = this.issuer(calls);
    const pending = this.secrets.stages.get('AWSPENDING');
    const isUnderWay = pending !== undefined && pending !== this.secrets.current;
    const versionId = isUnderWay ? pending : `aaaaaaaa-0000-4000-8000-${String(++this.tokens).padStart(12, '0')}`;
    this.secrets.beginRotation(versionId);
    for (const step of ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const) {
      await rotation.run({ step, secretId: PROPERTIES.SecretId, versionId }, signal);
    }
  }

  certificateOf(versionId: string | undefined): RegistryCertificate | undefined {
    const secret = parseClientSecret(this.secrets.versions.get(versionId ?? '') ?? '');
    verifyClientSecret(secret, new Date(Date.now() + this.offset));
    return this.registry.certificates.get(secret.fingerprint);
  }
}

type Work = (mesh: Mesh, calls: Calls) => Promise<unknown>;

interface Operation {
  /** What was there before. */
  readonly prepare?: (mesh: Mesh) => Promise<unknown>;
  readonly run: Work;
  /** What the platform does when it failed. */
  readonly recover: Work;
  readonly isGoneAfter?: true;
}

const deploy =
  (request: typeof create): Work =>
  (mesh, calls) =>
    mesh.issuer(calls).clientCertificateResource.apply(request, signal);
const remove: Work = (mesh, calls) => mesh.issuer(calls).clientCertificateResource.remove(create, signal);
const rotate: Work = (mesh, calls) => mesh.rotate(calls);
const maintain: Work = (mesh, calls) => mesh.issuer(calls).maintenance.run(signal);
const deployed = (mesh: Mesh) => deploy(create)(mesh, new Calls());
const limited = async (mesh: Mesh) => {
  await deployed(mesh);
  await deploy(update)(mesh, new Calls());
};

const OPERATIONS: Readonly<Record<string, Operation>> = {
  'create, delivered again': { run: deploy(create), recover: deploy(create) },
  'create, rolled back': { run: deploy(create), recover: remove, isGoneAfter: true },
  'update, delivered again': { prepare: deployed, run: deploy(update), recover: deploy(update) },
  'update, rolled back': { prepare: deployed, run: deploy(update), recover: deploy(rollback) },
  rotation: { prepare: limited, run: rotate, recover: rotate },
  'delete, delivered again': { prepare: limited, run: remove, recover: remove, isGoneAfter: true },
  maintenance: {
    prepare: async (mesh) => {
      await limited(mesh);
      await mesh.rotate(new Calls());
      mesh.offset += 2 * HOUR;
    },
    run: maintain,
    recover: maintain,
  },
};

/** Holds at every moment, also between a failure and what makes up for it. */
function expectNothingUnknown({ secrets, registry }: Mesh): void {
  for (const value of secrets.versions.values()) {
    expect(registry.certificates.has(parseClientSecret(value).fingerprint)).toBe(true);
  }
}

function expectOneCurrentThatWorks(mesh: Mesh): void {
  const { registry, secrets } = mesh;
  const current = mesh.certificateOf(secrets.current);
  expect(registry.clients.get('mail')?.state).toBe('ENABLED');
  expect(current).toMatchObject({ status: 'ISSUED' });
  expect(current?.refuseAfter).toBeUndefined();

  const [latest] = [...registry.certificates.values()]
    .filter(({ currentSince }) => currentSince !== undefined)
    .sort((one, other) => (one.issuedAt < other.issuedAt ? 1 : -1));
  expect(latest?.fingerprint).toBe(current?.fingerprint);
}

/** A certificate whose key was lost with its process is none that anybody could use. */
function expectLostOnesRevoked({ registry, secrets }: Mesh): void {
  const kept = new Set([...secrets.versions.values()].map((value) => parseClientSecret(value).fingerprint));
  const lost = [...registry.certificates.values()].filter(
    ({ fingerprint, secretVersionId }) => secrets.versions.has(secretVersionId ?? '') && !kept.has(fingerprint),
  );
  for (const { status } of lost) expect(status).toBe('REVOKED');
}

function expectNobodyIn({ registry }: Mesh): void {
  expect(registry.clients.size).toBe(0);
  for (const { status } of registry.certificates.values()) expect(status).toBe('REVOKED');
}

describe('whatever call fails, and however, it is made up for', () => {
  let authority: MemoryAuthority;

  beforeAll(async () => {
    authority = await MemoryAuthority.create();
  });

  const cases = Object.keys(OPERATIONS).flatMap((name) => FAULTS.map((fault): [string, Fault] => [name, fault]));

  test.each(cases)('%s, %s', async (name, fault) => {
    const operation = OPERATIONS[name] as Operation;
    const prepared = new Mesh(authority);
    await operation.prepare?.(prepared);
    const calls = new Calls();
    await operation.run(prepared.copy(), calls);
    expect(calls.count).toBeGreaterThan(2);

    for (let at = 1; at <= calls.count; at++) {
      const mesh = prepared.copy();
      const before = [...mesh.registry.certificates.values()].filter(({ status }) => status === 'REVOKED');

      const outcome = await operation.run(mesh, new FaultyCalls(at, fault)).catch(() => 'failed');
      expectNothingUnknown(mesh);
      if (outcome === 'failed') await operation.recover(mesh, new Calls());

      expectNothingUnknown(mesh);
      if (operation.isGoneAfter && outcome === 'failed') expectNobodyIn(mesh);
      if (!operation.isGoneAfter) expectOneCurrentThatWorks(mesh);
      if (!operation.isGoneAfter) expectLostOnesRevoked(mesh);
      for (const { fingerprint } of before) {
        expect(mesh.registry.certificates.get(fingerprint)?.status).toBe('REVOKED');
      }
    }
  });

  test('and a rotation that failed leaves the current certificate as it was', async () => {
    const prepared = new Mesh(authority);
    await deployed(prepared);
    for (let at = 1; ; at++) {
      const mesh = prepared.copy();
      const calls = new FaultyCalls(at, 'killed before effect');
      await mesh.rotate(calls).catch(() => undefined);
      if (calls.count < at) break;

      const { status, refuseAfter } = mesh.certificateOf(mesh.secrets.current) ?? {};
      expect({ status, refuseAfter }).toEqual({ status: 'ISSUED', refuseAfter: undefined });
      expect(mesh.certificateOf(REQUEST_ID)?.status).toBe('ISSUED');
    }
  });
});

/** On the secret and the registry. */
const WITHOUT_EFFECT = /^(get|find|certificatesOf|issue|put$)/;

describe('whatever call takes effect late, and whenever, changes nothing of what came after it', () => {
  let authority: MemoryAuthority;

  beforeAll(async () => {
    authority = await MemoryAuthority.create();
  });

  const names = ['create, delivered again', 'update, delivered again', 'update, rolled back', 'rotation'];

  test.each(names)('%s', async (name) => {
    const { prepare, run, recover } = OPERATIONS[name] as Operation;
    const prepared = new Mesh(authority);
    await prepare?.(prepared);
    const calls = new Calls();
    await run(prepared.copy(), calls);

    for (const [index, name] of calls.names.entries()) {
      if (WITHOUT_EFFECT.test(name)) continue;
      for (let before = 1, isOvertaken = true; isOvertaken; before++) {
        const mesh = prepared.copy();
        const late = new LateCalls(index + 1);
        await run(mesh, late).catch(() => undefined);

        const recovery = new OvertakenCalls(before, late);
        await recover(mesh, recovery);
        isOvertaken = recovery.count >= before;
        await late.land();

        expectNothingUnknown(mesh);
        expectOneCurrentThatWorks(mesh);
      }
    }
  });
});
