import { randomUUID } from 'node:crypto';
import { regionalArn } from '../../account';
import { AwsError } from '../../endpoint/api';
import { generatePrivateKey } from '../../x509/algorithms';
import { createCertificateSigningRequest } from '../../x509/certificate-signing-request';
import { assertSigns } from './issuance/signing';
import { type AuthorityConfiguration, PrivateAuthority } from './private-authority';
import type { RevocationListConfiguration } from './revocation/configuration';
import type { RevocationListSurroundings } from './revocation/revocation-lists';

const DAY = 24 * 60 * 60 * 1000;
/** The default restoration period. https://docs.aws.amazon.com/privateca/latest/userguide/PCADeleteCA.html */
const RESTORATION_PERIOD = 30 * DAY;

/** The private certificate authorities of the account. */
export class PrivateAuthorities {
  private readonly byArn = new Map<string, PrivateAuthority>();

  constructor(private readonly surroundings: RevocationListSurroundings) {}

  /**
   * Creates an authority without a certificate.
   * @throws AwsError `InvalidArgsException` for algorithms of different families, `ValidationException` for a bucket of
   * revocation lists that it may not write to
   */
  async create(
    options: Omit<AuthorityConfiguration, 'arn' | 'createdAt'>,
    revocation: RevocationListConfiguration | undefined,
  ): Promise<PrivateAuthority> {
    const { account, clock } = this.surroundings;
    const key = await generatePrivateKey(options.keyAlgorithm);
    assertSigns(options.signingAlgorithm, key, options.keyAlgorithm);
    const arn = regionalArn(account, 'acm-pca', `certificate-authority/${randomUUID()}`);
    const request = createCertificateSigningRequest(key, options.subject);
    const configuration = { ...options, arn, createdAt: clock.now() };
    const authority = new PrivateAuthority(configuration, key, request, this.surroundings);
    authority.revocationLists.configure(revocation);
    this.byArn.set(arn, authority);
    return authority;
  }

  /** Oldest first. Includes deleted authorities that can be restored. */
  all(): readonly PrivateAuthority[] {
    return [...this.byArn.values()].filter((authority) => !this.isGone(authority));
  }

  find(arn: string): PrivateAuthority | undefined {
    const authority = this.byArn.get(arn);
    return authority && !this.isGone(authority) ? authority : undefined;
  }

  /** @throws AwsError `InvalidArnException`, `ResourceNotFoundException` */
  get(arn: string): PrivateAuthority {
    const prefix = regionalArn(this.surroundings.account, 'acm-pca', 'certificate-authority/');
    if (!arn.startsWith(prefix)) throw new AwsError('InvalidArnException', `not the ARN of an authority: ${arn}`);
    const authority = this.find(arn);
    if (authority) return authority;
    throw new AwsError('ResourceNotFoundException', `Could not find the certificate authority ${arn}`);
  }

  delete(authority: PrivateAuthority): void {
    authority.delete(new Date(this.surroundings.clock.now().getTime() + RESTORATION_PERIOD));
  }

  private isGone({ restorableUntil }: PrivateAuthority): boolean {
    return restorableUntil !== undefined && restorableUntil <= this.surroundings.clock.now();
  }
}
