/** The options that authorities of every kind share, with their defaults and checks. */
import { Duration, Names, RemovalPolicy } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { KeyAlgorithm, SigningAlgorithm } from '../algorithms';
import type { CertificateAuthorityProps, CertificateAuthoritySubject } from '../certificate-authority-props';
import { checkProps } from './properties/check';
import { AUTHORITY_PROPS } from './properties/interface-kinds';
import { checkDuration, checkText, isLonger, refuse } from './validation';

const ROOT_VALIDITY = Duration.days(10 * 365);
const SUBORDINATE_VALIDITY = Duration.days(5 * 365);

export interface AuthorityOptions {
  readonly keyAlgorithm: KeyAlgorithm;
  readonly signingAlgorithm: SigningAlgorithm;
  readonly validity: Duration;
  readonly subject: CertificateAuthoritySubject;
  readonly removalPolicy: RemovalPolicy;
}

/** @param place whether another authority signs the certificate */
export function authorityOptions(
  scope: IConstruct,
  props: CertificateAuthorityProps,
  place: 'root' | 'subordinate',
): AuthorityOptions {
  checkProps<CertificateAuthorityProps>(scope, props, AUTHORITY_PROPS);
  const keyAlgorithm = props.keyAlgorithm ?? KeyAlgorithm.EC_PRIME256V1;
  const signingAlgorithm = props.signingAlgorithm ?? signingAlgorithmFor(keyAlgorithm);
  const validity = props.validity ?? (place === 'root' ? ROOT_VALIDITY : SUBORDINATE_VALIDITY);
  checkFamily(scope, keyAlgorithm, signingAlgorithm);
  checkDuration(scope, 'validity', validity, validityProblem);
  return {
    ...{ keyAlgorithm, signingAlgorithm, validity },
    subject: subjectOf(scope, props.subject),
    // Nothing hangs on an authority whose first deployment failed, and it would cost money.
    removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
  };
}

/** A certificate must expire before its issuer's, and the subordinate's starts a little later than the root's. */
export function checkOutlives(
  scope: IConstruct,
  rootValidity: Duration,
  { validity }: AuthorityOptions,
  props: CertificateAuthorityProps,
): void {
  checkDuration(
    scope,
    'validity',
    validity,
    () =>
      isLonger(rootValidity, validity)
        ? undefined
        : `must be shorter than the root's validity (${rootValidity.toHumanString()})`,
    props.validity ? 'set' : 'default',
  );
}

function signingAlgorithmFor(keyAlgorithm: KeyAlgorithm): SigningAlgorithm {
  switch (keyAlgorithm) {
    case KeyAlgorithm.EC_PRIME256V1:
      return SigningAlgorithm.SHA256WITHECDSA;
    case KeyAlgorithm.EC_SECP384R1:
      return SigningAlgorithm.SHA384WITHECDSA;
    default:
      return SigningAlgorithm.SHA256WITHRSA;
  }
}

function checkFamily(scope: IConstruct, keyAlgorithm: KeyAlgorithm, signingAlgorithm: SigningAlgorithm): void {
  const family = keyAlgorithm.startsWith('RSA') ? 'RSA' : 'ECDSA';
  if (!signingAlgorithm.endsWith(`WITH${family}`)) {
    refuse(scope, 'signingAlgorithm', `must match the family of keyAlgorithm (${keyAlgorithm})`, signingAlgorithm);
  }
}

function validityProblem(validity: Duration): string | undefined {
  const days = validity.toDays({ integral: false });
  return Number.isInteger(days) && days >= 1 ? undefined : 'must be whole days, at least one';
}

/** https://docs.aws.amazon.com/privateca/latest/APIReference/API_ASN1Subject.html */
const LONGEST_PART: Readonly<Record<keyof CertificateAuthoritySubject, number>> = {
  commonName: 64,
  organization: 64,
  organizationalUnit: 64,
  country: 2,
  state: 128,
  locality: 128,
};

function subjectOf(scope: IConstruct, given?: CertificateAuthoritySubject): CertificateAuthoritySubject {
  const subject = given ?? { commonName: Names.uniqueResourceName(scope, { maxLength: 64, separator: ' ' }) };
  for (const part of Object.keys(LONGEST_PART) as (keyof CertificateAuthoritySubject)[]) {
    const text = subject[part];
    if (text !== undefined) checkText(scope, `subject.${part}`, text, (value) => partProblem(part, value));
  }
  return subject;
}

function partProblem(part: keyof CertificateAuthoritySubject, text: string): string | undefined {
  if (part === 'country') return /^[A-Za-z]{2}$/.test(text) ? undefined : 'must have two letters';
  if (text !== text.trim()) return 'must not begin or end with white space';
  const longest = LONGEST_PART[part];
  return text.length >= 1 && text.length <= longest ? undefined : `must have 1 to ${longest} characters`;
}
