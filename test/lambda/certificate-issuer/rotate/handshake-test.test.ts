import type { LogEntry } from '../../../../aws/cloudwatch';
import type { HandshakeResult } from '../../../../aws/gateway-domain';
import { GatewayRefusalError, HandshakeTest } from '../../../../lambda/certificate-issuer/rotate/handshake-test';
import type { ClientSecret } from '../../../../mesh/client-secret';
import { createSecret } from '../../../client/secrets';
import { createRoot } from '../../../pki/authorities';
import { MemoryGateway } from '../memory-gateway';

const signal = new AbortController().signal;

let current: ClientSecret;
let pending: ClientSecret;
let logs: LogEntry[];

beforeAll(async () => {
  const root = await createRoot('Root');
  current = await createSecret(root);
  pending = await createSecret(root);
});
beforeEach(() => {
  logs = [];
});

describe('the handshake with a pending certificate', () => {
  const prove = (
    gateway: MemoryGateway,
    findCurrent: () => Promise<ClientSecret | undefined> = async () => current,
    secret = pending,
  ) => new HandshakeTest(gateway, (entry) => logs.push(entry)).run(secret, findCurrent, signal);
  const gatewayOf = (ofPending: HandshakeResult['outcome'], ofCurrent: HandshakeResult['outcome']) =>
    new MemoryGateway('', ({ serialNumber }) => (serialNumber === pending.serialNumber ? ofPending : ofCurrent));

  test('fails when the gateway refuses it and lets the current one in', async () => {
    const proof = prove(gatewayOf('refused', 'accepted'));

    await expect(proof).rejects.toThrow(GatewayRefusalError);
    await expect(proof).rejects.toThrow(
      `the gateway mesh.example.com refuses certificate ${pending.serialNumber} of mail and accepts the current one`,
    );
  });

  test.each<[HandshakeResult['outcome'], HandshakeResult['outcome'], number]>([
    ['accepted', 'accepted', 1],
    ['accepted', 'refused', 1],
    ['unreachable', 'accepted', 1],
    ['refused', 'refused', 2],
    ['refused', 'unreachable', 2],
  ])('goes on when it is %s and the current one is %s', async (ofPending, ofCurrent, calls) => {
    const gateway = gatewayOf(ofPending, ofCurrent);

    await prove(gateway);

    expect(gateway.shown).toEqual([pending.serialNumber, current.serialNumber].slice(0, calls));
    expect(logs).toHaveLength(calls);
    expect(logs[0]).toEqual({
      event: 'handshake-tried',
      client: 'mail',
      serialNumber: pending.serialNumber,
      outcome: ofPending,
      detail: 'told to',
    });
  });

  test('goes on when the gateway refuses what is the current certificate itself, shown once', async () => {
    const gateway = gatewayOf('refused', 'refused');

    await prove(gateway, async () => current, current);

    expect(gateway.shown).toEqual([current.serialNumber]);
  });

  test('goes on when there is no current certificate to compare with', async () => {
    await prove(gatewayOf('refused', 'accepted'), async () => undefined);
    await prove(gatewayOf('refused', 'accepted'), () => Promise.reject(new Error('expired')));

    expect(logs).toContainEqual({ event: 'handshake-not-compared', reason: 'expired' });
  });

  test('gives all calls to the gateway five seconds together', async () => {
    const limits: AbortSignal[] = [];
    const limited = jest.spyOn(AbortSignal, 'timeout');
    try {
      await prove(
        new MemoryGateway('', (_secret, limit) => {
          limits.push(limit);
          return 'refused';
        }),
      );

      expect(limited.mock.calls).toEqual([[5_000]]);
      expect(limits).toHaveLength(2);
      expect(limits[0]).toBe(limits[1]);
    } finally {
      limited.mockRestore();
    }
  });

  test('logs nothing of a key', async () => {
    await prove(gatewayOf('refused', 'accepted')).catch(() => undefined);

    expect(JSON.stringify(logs)).not.toMatch(/PRIVATE|BEGIN/);
  });
});
