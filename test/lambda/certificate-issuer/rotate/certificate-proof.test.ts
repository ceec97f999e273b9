import { failureSentence } from '../../../../aws/failure';
import { parseClientSecret } from '../../../../mesh/client-secret';
import { createRoot } from '../../../pki/authorities';
import { MemoryBus } from '../../../registry/memory-bus';
import { MemoryRegistry } from '../../../registry/memory-registry';
import { createRequest, REQUEST_ID } from '../../custom-resource/requests';
import { issuerWith } from '../issuer';
import { MemoryAuthority } from '../memory-authority';
import { MemoryGateway } from '../memory-gateway';
import { MemorySecrets } from '../memory-secrets';
import { PROPERTIES } from '../properties';

const PENDING = '7a6b5c4d-1111-4222-8333-944455556666';
const signal = new AbortController().signal;

/** What the authorizer looks at is proved in rotation.test.ts. */
describe('the proof of a pending certificate on the gateway', () => {
  let secrets: MemorySecrets;
  let domain: MemoryGateway;
  let authority: MemoryAuthority;
  let make: () => ReturnType<typeof issuerWith>;

  const step = (name: 'createSecret' | 'testSecret' | 'finishSecret', issuer = make()) =>
    issuer.rotation.run({ step: name, secretId: PROPERTIES.SecretId, versionId: PENDING }, signal);
  const serialNumber = (versionId: string) => parseClientSecret(secrets.versions.get(versionId) ?? '').serialNumber;

  beforeEach(async () => {
    authority = await MemoryAuthority.create();
    authority.looksBeforeIssued = 0;
    secrets = new MemorySecrets();
    domain = new MemoryGateway(authority.root.toString('pem'));
    const registry = new MemoryRegistry();
    // Another process each time, which has read nothing yet.
    make = () => {
      const gateway = domain;
      return issuerWith({ authority, registry, secrets, bus: new MemoryBus(), gateway });
    };
    await make().clientCertificateResource.apply(createRequest({ properties: { ...PROPERTIES } }), signal);
    secrets.beginRotation(PENDING);
    await step('createSecret');
  });

  test('passes when the gateway lets it in; the current one is not shown', async () => {
    await step('testSecret');

    expect(domain.shown).toEqual([serialNumber(PENDING)]);
  });

  test('fails when the truststore has changed, before the gateway is called; another rotation can begin', async () => {
    domain.bundle = (await createRoot('Other')).pem;

    const tested = step('testSecret');

    await expect(tested).rejects.toThrow(/can't serve the client/);
    expect(failureSentence(await tested.catch((error) => error))).toMatch(/the gateway would refuse the certificate/);
    expect(domain.shown).toEqual([]);
    expect([secrets.current, secrets.stages.has('AWSPENDING')]).toEqual([REQUEST_ID, false]);
  });

  test('fails when the gateway refuses it alone; another rotation can begin', async () => {
    const refused = serialNumber(PENDING);
    domain.take = (shown) => (shown.serialNumber === refused ? 'refused' : 'accepted');

    const tested = step('testSecret');

    await expect(tested).rejects.toThrow(/can't serve the client/);
    expect(failureSentence(await tested.catch((error) => error))).toMatch(/the gateway mesh.example.com refuses/);
    expect(domain.shown).toEqual([refused, serialNumber(REQUEST_ID)]);
    expect([secrets.current, secrets.stages.has('AWSPENDING')]).toEqual([REQUEST_ID, false]);
  });

  test.each(['refused', 'unreachable'] as const)('lets the rotation go on when all are %s', async (outcome) => {
    domain.take = () => outcome;

    await step('testSecret');
    await step('finishSecret');

    expect(secrets.current).toBe(PENDING);
  });

  test('keeps the pending version when it is only the truststore that can’t be read', async () => {
    domain.readObject = () => Promise.reject(new Error('SlowDown'));

    await expect(step('testSecret')).rejects.toThrow('SlowDown');

    expect(secrets.stages.get('AWSPENDING')).toBe(PENDING);
  });

  test('lets the rotation go on when the current certificate can no longer serve', async () => {
    secrets.versions.set(REQUEST_ID, '{}');
    domain.take = () => 'refused';

    await step('testSecret');

    expect(secrets.stages.get('AWSPENDING')).toBe(PENDING);
  });

  test('shows the current certificate once when a new schedule is tried with it', async () => {
    secrets.versions.delete(PENDING);
    domain.take = () => 'refused';

    await step('testSecret');

    expect(domain.shown).toEqual([serialNumber(REQUEST_ID)]);
  });
});
