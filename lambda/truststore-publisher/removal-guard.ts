import type { TrustedAuthority } from '../../mesh/contract';
import type { RegistryCertificate } from '../../registry/records';
import type { Registry } from '../certificate-issuer/registry';
import type { Log } from '../log';
import type { Stacks } from './stacks';

/** Certificates of an authority are still let in, so that it can't leave the truststore. */
export class AuthorityInUseError extends Error {
  override readonly name = 'AuthorityInUseError';

  constructor(authorities: readonly AuthorityInUse[]) {
    const reasons = authorities.map(
      ({ authority, clients, until }) =>
        `certificate authority ${authority.CertificateAuthorityArn} can't leave the truststore while ` +
        `${enumeration(clients)} may use certificates of it, the last until ${until}`,
    );
    super(
      `${reasons.join('; ')}: keep it in the mesh until then, revoke those certificates, ` +
        'or have them replaced with a shorter overlap',
    );
  }
}

interface AuthorityInUse {
  readonly authority: TrustedAuthority;
  /** Names, in their order. */
  readonly clients: readonly string[];
  /** When the last of the certificates ceases to be let in. ISO 8601, UTC. */
  readonly until: string;
}

/** Sees to it that an authority leaves the truststore only when nobody can be refused by that. */
export class Departure {
  constructor(
    private readonly registry: Pick<Registry, 'entries'>,
    private readonly stacks: Stacks,
    private readonly now: () => Date,
    private readonly log: Log,
  ) {}

  /**
   * Of the authorities that a deployment takes out, those that have to stay all the same. When CloudFormation rolls a
   * deployment back that added an authority, clients may hold certificates of it already: it stays, since neither may
   * they be refused nor the rollback fail. It leaves with the next change of the truststore.
   *
   * @throws AuthorityInUseError when one is in use and the deployment is no rollback
   */
  async staying(
    leaving: readonly TrustedAuthority[],
    stackId: string,
    signal: AbortSignal,
  ): Promise<readonly TrustedAuthority[]> {
    if (leaving.length === 0) return [];
    const inUse = await this.inUse(leaving, signal);
    if (inUse.length === 0) return [];
    if (!(await this.stacks.isRollingBack(stackId, signal))) throw new AuthorityInUseError(inUse);
    for (const { authority, clients, until } of inUse) {
      this.log({ event: 'authority-kept', certificateAuthorityArn: authority.CertificateAuthorityArn, clients, until });
    }
    return inUse.map(({ authority }) => authority);
  }

  private async inUse(leaving: readonly TrustedAuthority[], signal: AbortSignal): Promise<readonly AuthorityInUse[]> {
    const clients = new Set<string>();
    const live: RegistryCertificate[] = [];
    const now = this.now().toISOString();
    for await (const entry of this.registry.entries(signal)) {
      if (entry.kind === 'client') clients.add(entry.client.clientName);
      if (entry.kind !== 'certificate') continue;
      const { certificate } = entry;
      if (certificate.status === 'ISSUED' && endOf(certificate) > now) live.push(certificate);
    }
    return leaving.flatMap((authority) => {
      const held = live.filter(
        ({ certificateAuthorityArn, clientName }) =>
          certificateAuthorityArn === authority.CertificateAuthorityArn && clients.has(clientName),
      );
      const holders = [...new Set(held.map(({ clientName }) => clientName))].sort();
      const until = held.map(endOf).sort().at(-1);
      return until === undefined ? [] : [{ authority, clients: holders, until }];
    });
  }
}

/** When the certificate ceases to be let in. */
function endOf({ notAfter, refuseAfter = notAfter }: RegistryCertificate): string {
  return refuseAfter < notAfter ? refuseAfter : notAfter;
}

const MAX_NAMES = 10;

function enumeration(names: readonly string[]): string {
  const told = names.slice(0, MAX_NAMES);
  const others = names.length - told.length;
  const parts = others > 0 ? [...told, others === 1 ? '1 other' : `${others} others`] : told;
  return [parts.slice(0, -1).join(', '), ...parts.slice(-1)].filter((part) => part !== '').join(' and ');
}
