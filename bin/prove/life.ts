import { setTimeout } from 'node:timers/promises';
import type { Sandbox } from 'cdk-mtls-service-mesh/sandbox';
import { revokeCertificates } from '../revoke/revoke-certificates';
import { rotateClient } from '../rotate/rotate';
import { awsMesh } from '../shared/aws-mesh';
import { sandboxAccess } from '../shared/sandbox-access';
import type { Claim, Result } from './claim';
import { revocationListClaims } from './revocation-list';
import { REFUSED_IN_HANDSHAKE, ScheduleCaller } from './schedule-caller';
import { type Call, Traffic } from './traffic';

/** The authorizer keeps what it has read of a certificate for at most this time. Milliseconds. */
const AUTHORIZER_MEMORY = 5_000;

/** Client certificates of the examples are valid for a week. Milliseconds. */
const EIGHT_DAYS = 8 * 86_400_000;

/** What a rotation and a revocation change for clients that keep calling. */
export function lifeClaims(sandbox: Sandbox): readonly Claim[] {
  const schedule = new ScheduleCaller(sandbox);
  const mesh = awsMesh('mesh.example.com', sandboxAccess(sandbox));

  const trafficOf = (client: string) => new Traffic(() => schedule.status(client));
  const serialNumberOf = async (client: string) => (await sandbox.clientSecret(client)).serialNumber;

  async function rotated(): Promise<Result> {
    const [before, mail, social] = [await serialNumberOf('mail'), trafficOf('mail'), trafficOf('social')];
    await rotateClient(mesh, 'mail');
    const after = await serialNumberOf('mail');
    // Time for the first calls with the new certificate.
    await setTimeout(500);
    await Promise.all([mail.stop(), social.stop()]);
    const calls = [...mail.calls, ...social.calls];
    const outcome = after === before ? 'the same certificate' : `a new certificate, ${summaryOf(calls)}`;
    return { outcome, detail: `${calls.length} calls, ${before.slice(0, 8)}… → ${after.slice(0, 8)}…` };
  }

  async function revoked(): Promise<Result> {
    const [mail, social] = [trafficOf('mail'), trafficOf('social')];
    await revokeCertificates(mesh, 'mail', { kind: 'all' }, 'KEY_COMPROMISE');
    const revokedAt = performance.now();
    await setTimeout(AUTHORIZER_MEMORY + 500);
    const settled = mail.calls.length;
    await setTimeout(1_000);
    await Promise.all([mail.stop(), social.stop()]);

    const outcome = `mail: ${summaryOf(mail.calls.slice(settled))}; social: ${summaryOf(social.calls)}`;
    const lastAccepted = mail.calls.findLast(({ outcome }) => outcome !== '403');
    const seconds = Math.max((lastAccepted?.at ?? 0) - revokedAt, 0) / 1000;
    return {
      outcome,
      detail: `${social.calls.length} calls of social; mail was refused after ${seconds.toFixed(1)} s`,
    };
  }

  async function rotatedAgain(): Promise<Result> {
    await rotateClient(mesh, 'mail');
    return { outcome: String(await schedule.status('mail')), detail: `${(await serialNumberOf('mail')).slice(0, 8)}…` };
  }

  async function expired(): Promise<Result> {
    const held = await sandbox.clientSecret('social');
    await sandbox.advance(EIGHT_DAYS);
    const outcome = await schedule.list(held);
    return { outcome, detail: `with the one in its secret: ${await schedule.status('social')}` };
  }

  return [
    {
      what: 'mail gets a new certificate while mail and social call',
      expected: 'a new certificate, every call 200',
      check: rotated,
    },
    {
      what: 'five seconds after all certificates of mail are revoked',
      expected: 'mail: every call 403; social: every call 200',
      check: revoked,
    },
    ...revocationListClaims(sandbox, 'mail', 'social'),
    { what: 'mail gets a new certificate and calls again', expected: '200', check: rotatedAgain },
    {
      what: 'eight days later, the certificate that social has now',
      expected: REFUSED_IN_HANDSHAKE,
      check: expired,
    },
  ];
}

function summaryOf(calls: readonly Call[]): string {
  const different = [...new Set(calls.map(({ outcome }) => outcome))];
  return different.length === 1 ? `every call ${different[0]}` : different.join(' and ') || 'no call';
}
