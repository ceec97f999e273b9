import type { CloudFormation } from '../../aws/cloudformation';
import type { Log } from '../../aws/cloudwatch';
import type { TrustedAuthority } from '../../mesh/custom-resources';
import { clientKey } from '../../registry/records';
import { type CertificateFacts, certificateStatus, endOfAcceptance } from '../../registry/status';
import type { HeldCertificate } from '../../registry/stored-records';
import type { RegistrySurvey } from '../../registry/survey';

/** An authority can't be removed from the truststore, because its certificates are still accepted. */
export class AuthorityInUseError extends Error {
  override readonly name = 'AuthorityInUseError';

  constructor(authorities: readonly AuthorityInUse[]) {
    const reasons = authorities.map(
      ({ authority, clients, until }) =>
        `certificate authority ${authority.CertificateAuthorityArn} can't be removed from the truststore while ` +
        `${enumerate(clients)} may use its certificates, the last one until ${until}`,
    );
    super(
      `${reasons.join('; ')}: keep it in the mesh until then, revoke those certificates, ` +
        'or replace them with a shorter overlap',
    );
  }
}

interface AuthorityInUse {
  readonly authority: TrustedAuthority;
  /** Names, sorted. */
  readonly clients: readonly string[];
  /** When the last of the certificates is no longer accepted. ISO 8601, UTC. */
  readonly until: string;
}

export interface RemovalGuardOptions {
  readonly survey: Pick<RegistrySurvey, 'certificatesOfAuthority' | 'find'>;
  readonly stacks: Pick<CloudFormation, 'isRollingBack'>;
  readonly now: () => Date;
  readonly log: Log;
}

/** Keeps an authority in the truststore while clients hold its certificates. */
export class RemovalGuard {
  constructor(private readonly options: RemovalGuardOptions) {}

  /**
   * The authorities that must stay, out of those that a deployment removes. When CloudFormation rolls back a deployment
   * that added an authority, clients may already hold its certificates. That authority stays, so that its clients are
   * not refused and the rollback does not fail. The next change of the truststore removes it.
   *
   * @throws AuthorityInUseError if an authority is in use and the deployment is not a rollback
   */
  async authoritiesToKeep(
    leaving: readonly TrustedAuthority[],
    stackId: string,
    signal: AbortSignal,
  ): Promise<readonly TrustedAuthority[]> {
    const { stacks, log } = this.options;
    if (leaving.length === 0) return [];
    const inUse = await this.findInUse(leaving, signal);
    if (inUse.length === 0) return [];
    if (!(await stacks.isRollingBack(stackId, signal))) throw new AuthorityInUseError(inUse);
    for (const { authority, clients, until } of inUse) {
      log({ event: 'authority-kept', certificateAuthorityArn: authority.CertificateAuthorityArn, clients, until });
    }
    return inUse.map(({ authority }) => authority);
  }

  private async findInUse(
    leaving: readonly TrustedAuthority[],
    signal: AbortSignal,
  ): Promise<readonly AuthorityInUse[]> {
    const { survey, now } = this.options;
    const inUse: AuthorityInUse[] = [];
    for (const authority of leaving) {
      const at = now();
      const accepted: HeldCertificate[] = [];
      for await (const certificate of survey.certificatesOfAuthority(authority.CertificateAuthorityArn, at, signal)) {
        if (mayBeAccepted(certificate, at)) accepted.push(certificate);
      }
      const clients = await this.knownClients(accepted, signal);
      const held = accepted.filter(({ clientName }) => clients.has(clientName));
      if (held.length === 0) continue;
      const until = held.reduce((latest, certificate) => Math.max(latest, endOfAcceptance(certificate)), 0);
      const holders = [...new Set(held.map(({ clientName }) => clientName))].sort();
      inUse.push({ authority, clients: holders, until: new Date(until).toISOString() });
    }
    return inUse;
  }

  /** The names of those clients that the mesh still has. The authorizer refuses the certificates of others. */
  private async knownClients(held: readonly HeldCertificate[], signal: AbortSignal): Promise<ReadonlySet<string>> {
    const names = new Set(held.map(({ clientName }) => clientName));
    const known = new Set<string>();
    for await (const record of this.options.survey.find([...names].map(clientKey), signal)) {
      if (record.kind === 'client') known.add(record.client.clientName);
      // The authorizer reads fewer attributes, so it may accept what can't be read in full here.
      if (record.kind === 'malformed') known.add(record.malformed.clientName);
    }
    return known;
  }
}

/** Whether the certificate lets an enabled client in, now or later. */
function mayBeAccepted(certificate: CertificateFacts, at: Date): boolean {
  const status = certificateStatus(certificate, at);
  return status === 'ISSUED' || status === 'NOT_YET_VALID';
}

const MOST_NAMES = 10;

function enumerate(names: readonly string[]): string {
  const listed = names.slice(0, MOST_NAMES);
  const others = names.length - listed.length;
  const parts = others > 0 ? [...listed, others === 1 ? '1 other' : `${others} others`] : listed;
  return [parts.slice(0, -1).join(', '), ...parts.slice(-1)].filter((part) => part !== '').join(' and ');
}
