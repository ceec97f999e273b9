import { parseClientSecret, verifyClientSecret } from '../../../pki/client-secret';
import type { RegistryCertificate } from '../../../pki/contract';
import { createRequest, REQUEST_ID } from '../custom-resource/requests';
import { MemoryBus } from '../memory-bus';
import { FAULTS, type Fault, FaultyCalls } from './faults';
import { createIssuer } from './issuer';
import { MemoryAuthority } from './memory-authority';
import { MemoryRegistry } from './memory-registry';
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

  issuer(calls: FaultyCalls) {
    this.offset += HOUR / 60;
    return createIssuer({
      authority: calls.around(this.authority),
      registry: calls.around(this.registry),
      secrets: calls.around(this.secrets),
      bus: calls.around(new MemoryBus()),
      now: () => new Date(Date.now() + this.offset),
    });
  }

  /** What Secrets Manager does: all steps in turn, for the version that is pending if there is one already. */
  async rotate(calls: FaultyCalls): Promise<void> {
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

const none = () => new FaultyCalls(0, 'before effect');

interface Operation {
  /** What was there before. */
  readonly prepare?: (mesh: Mesh) => Promise<unknown>;
  readonly run: (mesh: Mesh, calls: FaultyCalls) => Promise<unknown>;
  /** What the platform does when it failed. */
  readonly recover: (mesh: Mesh) => Promise<unknown>;
  readonly isGoneAfter?: true;
}

const deploy = (request: typeof create) => (mesh: Mesh, calls: FaultyCalls) =>
  mesh.issuer(calls).clientCertificate.apply(request, signal);
const remove = (mesh: Mesh, calls: FaultyCalls) => mesh.issuer(calls).clientCertificate.remove(create, signal);
const deployed = (mesh: Mesh) => deploy(create)(mesh, none());
const limited = async (mesh: Mesh) => {
  await deployed(mesh);
  await deploy(update)(mesh, none());
};

const OPERATIONS: Readonly<Record<string, Operation>> = {
  'create, delivered again': { run: deploy(create), recover: deployed },
  'create, rolled back': { run: deploy(create), recover: (mesh) => remove(mesh, none()), isGoneAfter: true },
  'update, delivered again': {
    prepare: deployed,
    run: deploy(update),
    recover: (mesh) => deploy(update)(mesh, none()),
  },
  'update, rolled back': {
    prepare: deployed,
    run: deploy(update),
    recover: (mesh) => deploy(rollback)(mesh, none()),
  },
  rotation: {
    prepare: limited,
    run: (mesh, calls) => mesh.rotate(calls),
    recover: (mesh) => mesh.rotate(none()),
  },
  'delete, delivered again': {
    prepare: limited,
    run: remove,
    recover: (mesh) => remove(mesh, none()),
    isGoneAfter: true,
  },
  maintenance: {
    prepare: async (mesh) => {
      await limited(mesh);
      await mesh.rotate(none());
      mesh.offset += 2 * HOUR;
    },
    run: (mesh, calls) => mesh.issuer(calls).maintenance.run(signal),
    recover: (mesh) => mesh.issuer(none()).maintenance.run(signal),
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

  const certificates = [...registry.certificates.values()];
  const latest = certificates.reduce((one, other) =>
    (other.currentSince ?? '') > (one.currentSince ?? '') ? other : one,
  );
  expect(latest.fingerprint).toBe(current?.fingerprint);

  // A certificate whose key was lost with its process is none that anybody could use.
  const kept = new Set([...secrets.versions.values()].map((value) => parseClientSecret(value).fingerprint));
  const lost = certificates.filter(
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
    const calls = none();
    await operation.run(prepared.copy(), calls);
    expect(calls.count).toBeGreaterThan(2);

    for (let at = 1; at <= calls.count; at++) {
      const mesh = prepared.copy();
      const before = [...mesh.registry.certificates.values()].filter(({ status }) => status === 'REVOKED');

      const outcome = await operation.run(mesh, new FaultyCalls(at, fault)).catch(() => 'failed');
      expectNothingUnknown(mesh);
      if (outcome === 'failed') await operation.recover(mesh);

      expectNothingUnknown(mesh);
      if (operation.isGoneAfter && outcome === 'failed') expectNobodyIn(mesh);
      if (!operation.isGoneAfter) expectOneCurrentThatWorks(mesh);
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
