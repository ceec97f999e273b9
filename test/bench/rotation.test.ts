import { simulateDeployment, simulateRotation } from '../../bench/rotation';

const CLIENTS = 200;

test.each([
  ['a rotation of all clients at once', simulateRotation],
  ['a deployment of all clients at once', simulateDeployment],
])('%s is throttled, and serves each client with one certificate', async (_what, simulate) => {
  const { served, issued, failures, outcomes, seconds } = await simulate(CLIENTS);

  expect({ served, issued, failures }).toEqual({ served: CLIENTS, issued: CLIENTS, failures: [] });
  expect(outcomes.get('IssueCertificate ThrottlingException')).toBeGreaterThan(0);
  // The sandbox's quota: 25 at once, then 25 a second.
  expect(seconds).toBeGreaterThanOrEqual((CLIENTS - 25) / 25);
});
