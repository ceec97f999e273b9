import { randomUUID } from 'node:crypto';
import { type Account, regionalArn } from '../../account';
import type { Clock } from '../../clock';
import { AwsError } from '../../endpoint/api';
import { generatePrivateKey } from '../../x509/algorithms';
import { createCertificateSigningRequest } from '../../x509/certificate-signing-request';
import { assertSigns } from './issuance/signing';
import { type AuthorityConfiguration, PrivateAuthority } from './private-authority';

const DAY = 24 * 60 * 60 * 1000;
/** The default restoration period. https://docs.aws.amazon.com/privateca/latest/userguide/PCADeleteCA.html */
const RESTORATION_PERIOD = 30 * DAY;

/** The private certificate authorities of the account. */
export class PrivateAuthorities {
  private readonly byArn = new Map<string, PrivateAuthority>();

  constructor(
    private readonly account: Account,
    private readonly clock: Clock,
  ) {}

  /**
   * Creates an authority without a certificate. @throws AwsError `InvalidArgsException` for algorithms of different
   * families
   */
  async create(options: Omit<AuthorityConfiguration, 'arn' | 'createdAt'>): Promise<PrivateAuthority> {
    const key = await generatePrivateKey(options.keyAlgorithm);
    assertSigns(options.signingAlgorithm, key, options.keyAlgorithm);
    const arn = regionalArn(this.account, 'acm-pca', `certificate-authority/${randomUUID()}`);
    const request = createCertificateSigningRequest(key, options.subject);
    const configuration = { ...options, arn, createdAt: this.clock.now() };
    const authority = new PrivateAuthority(configuration, key, request, () => this.clock.now());
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
    const prefix = regionalArn(this.account, 'acm-pca', 'certificate-authority/');
    if (!arn.startsWith(prefix)) throw new AwsError('InvalidArnException', `not the ARN of an authority: ${arn}`);
    const authority = this.find(arn);
    if (authority) return authority;
    throw new AwsError('ResourceNotFoundException', `Could not find the certificate authority ${arn}`);
  }

  delete(authority: PrivateAuthority): void {
    authority.delete(new Date(this.clock.now().getTime() + RESTORATION_PERIOD));
  }

  private isGone({ restorableUntil }: PrivateAuthority): boolean {
    return restorableUntil !== undefined && restorableUntil <= this.clock.now();
  }
}
