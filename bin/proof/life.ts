import { setTimeout } from 'node:timers/promises';
import type { Sandbox } from 'cdk-mtls-service-mesh/sandbox';
import { awsMesh } from '../operator/aws-mesh';
import { revoke } from '../operator/revoke';
import { rotate } from '../operator/rotate';
import type { Claim, Outcome } from './claim';
import { sandboxAccess } from './sandbox-access';
import { Schedule } from './schedule';
import { type Call, Traffic } from './traffic';

/** Longest that an instance of the authorizer goes by what it has read of a certificate. */
const AUTHORIZER_MEMORY_MILLISECONDS = 10_000;

/** What happens to a certificate while its client calls on. */
export function lifeClaims(sandbox: Sandbox): readonly Claim[] {
  const schedule = new Schedule(sandbox);
  const mesh = awsMesh('mesh.example.com', sandboxAccess(sandbox));

  const trafficOf = (client: string) => new Traffic(() => schedule.status(client));
  const serialNumberOf = async (client: string) => (await sandbox.clientSecret(client)).serialNumber;

  async function rotated(): Promise<Outcome> {
    const [before, mail, social] = [await serialNumberOf('mail'), trafficOf('mail'), trafficOf('social')];
    await rotate(mesh, 'mail');
    const after = await serialNumberOf('mail');
    // The first calls with the new certificate.
    await setTimeout(500);
    await Promise.all([mail.stop(), social.stop()]);
    const calls = [...mail.calls, ...social.calls];
    const outcome = after === before ? 'no other certificate' : `another certificate, ${summaryOf(calls)}`;
    return { outcome, detail: `${calls.length} calls, ${before.slice(0, 8)}… → ${after.slice(0, 8)}…` };
  }

  async function revoked(): Promise<Outcome> {
    const [mail, social] = [trafficOf('mail'), trafficOf('social')];
    await revoke(mesh, 'mail', { kind: 'all' }, 'KEY_COMPROMISE');
    const revokedAt = performance.now();
    await setTimeout(AUTHORIZER_MEMORY_MILLISECONDS + 500);
    const settled = mail.calls.length;
    await setTimeout(1_000);
    await Promise.all([mail.stop(), social.stop()]);

    const outcome = `mail: ${summaryOf(mail.calls.slice(settled))}; social: ${summaryOf(social.calls)}`;
    const letIn = mail.calls.findLast(({ outcome }) => outcome !== '403');
    const seconds = Math.max((letIn?.at ?? 0) - revokedAt, 0) / 1000;
    return {
      outcome,
      detail: `${social.calls.length} calls of social; mail was let in for another ${seconds.toFixed(1)} s`,
    };
  }

  async function back(): Promise<Outcome> {
    await rotate(mesh, 'mail');
    return { outcome: String(await schedule.status('mail')), detail: `${(await serialNumberOf('mail')).slice(0, 8)}…` };
  }

  return [
    {
      what: 'mail is given another certificate while both go on calling',
      expected: 'another certificate, every call 200',
      tryIt: rotated,
    },
    {
      what: 'ten seconds after the certificates of mail are revoked',
      expected: 'mail: every call 403; social: every call 200',
      tryIt: revoked,
    },
    { what: 'mail is given another certificate and calls again', expected: '200', tryIt: back },
  ];
}

function summaryOf(calls: readonly Call[]): string {
  const different = [...new Set(calls.map(({ outcome }) => outcome))];
  return different.length === 1 ? `every call ${different[0]}` : different.join(' and ') || 'no call';
}
