import type { Sandbox } from 'cdk-mtls-service-mesh/sandbox';
import type { Claim } from './claim';
import { copiedIdentity } from './impostors';
import { REFUSED_IN_HANDSHAKE, ScheduleCaller } from './schedule-caller';

/** Which callers reach the schedule service, with which identity. */
export function identityClaims(sandbox: Sandbox): readonly Claim[] {
  const schedule = new ScheduleCaller(sandbox);
  const mail = () => sandbox.clientSecret('mail');
  const claim = (what: string, expected: string, call: () => Promise<string>): Claim => ({
    what,
    expected,
    check: async () => ({ outcome: await call() }),
  });
  return [
    claim('mail creates an event in the schedule service', '201, created by mail', () =>
      schedule.create('mail', 'Newsletter'),
    ),
    claim('social creates an event in the schedule service', '201, created by social', () =>
      schedule.create('social', 'Meetup'),
    ),
    claim('the schedule service knows who created each event', '200, "Meetup" by social, "Newsletter" by mail', () =>
      schedule.list('mail'),
    ),
    claim('a caller without a certificate', REFUSED_IN_HANDSHAKE, () => schedule.list(undefined)),
    claim('a certificate of another authority that copies the names of mail', REFUSED_IN_HANDSHAKE, async () =>
      schedule.list(await copiedIdentity(await mail())),
    ),
  ];
}
