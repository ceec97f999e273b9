import { createPublicKey } from 'node:crypto';
import { AwsError } from '../../../endpoint/api';
import type { SigningAlgorithm } from '../../../x509/algorithms';
import { encodedSubjectOf, notAfterOf, randomSerialNumber, signCertificate } from '../../../x509/certificate';
import {
  type CertificateSigningRequest,
  CertificateSigningRequestError,
  readCertificateSigningRequest,
} from '../../../x509/certificate-signing-request';
import { encodeDistinguishedName } from '../../../x509/names';
import { distributionPointExtension, passedExtensions } from '../../../x509/profiles';
import type { PrivateAuthority } from '../private-authority';
import type { CertificateRecord } from './certificate-record';
import type { ApiPassthrough } from './passthrough';
import { assertSigns } from './signing';
import type { CertificateTemplate } from './templates';
import { endOf, type RequestedValidity, startOf } from './validity';

/** https://docs.aws.amazon.com/privateca/latest/userguide/short-lived-certificates.html */
const SHORT_LIVED_MAXIMUM = 7 * 24 * 60 * 60 * 1000;
const EMPTY_NAME = Buffer.of(0x30, 0x00);

export interface IssueRequest {
  /** PEM. */
  readonly certificateSigningRequest: string;
  readonly signingAlgorithm: SigningAlgorithm;
  readonly template: CertificateTemplate;
  readonly validity: RequestedValidity;
  readonly validityNotBefore?: RequestedValidity | undefined;
  readonly apiPassthrough?: ApiPassthrough | undefined;
}

/**
 * Signs a certificate and records it. Values come from the template, then ApiPassthrough, then the request.
 * https://docs.aws.amazon.com/privateca/latest/userguide/template-order-of-operations.html
 * @throws AwsError `InvalidStateException`, `MalformedCSRException`, `InvalidArgsException`, `ValidationException`
 */
export function issueCertificate(authority: PrivateAuthority, request: IssueRequest, at: Date): CertificateRecord {
  const { configuration, key, installed } = authority;
  const { template, signingAlgorithm } = request;
  assertMayIssue(authority, template);
  assertSigns(signingAlgorithm, key, configuration.keyAlgorithm);
  const csr = readRequest(request.certificateSigningRequest);
  if (template.certifies === 'root') assertOwnRequest(authority, csr);
  const passthrough = template.passesApi ? request.apiPassthrough : undefined;
  const subject = passthrough?.Subject ? encodeDistinguishedName(passthrough.Subject.name) : csr.subject;
  const names = passthrough?.Extensions?.SubjectAlternativeNames ?? csr.subjectAlternativeNames;
  const serialNumber = randomSerialNumber();
  const { notBefore, notAfter } = validityPeriod(authority, request, at);
  const list = template.certifies === 'root' ? {} : authority.revocationLists.assign();
  const defined = [
    ...template.extensions(names),
    ...(list.url === undefined ? [] : [distributionPointExtension(list.url)]),
  ];
  const pem = signCertificate({
    serialNumber,
    subject,
    issuer: template.certifies === 'root' || !installed ? subject : encodedSubjectOf(installed.certificate),
    notBefore,
    notAfter,
    publicKey: csr.publicKey,
    extensions: template.passesCsr ? [...defined, ...passedExtensions(defined, csr.extensions)] : defined,
    signingKey: key,
    signingAlgorithm,
  });
  const certificate: CertificateRecord = {
    arn: `${configuration.arn}/certificate/${BigInt(`0x${serialNumber}`)}`,
    pem: pem.trim(),
    chainPem: template.certifies === 'root' ? undefined : chainOf(authority),
    isRoot: template.certifies === 'root',
    notAfter,
    partition: list.partition,
    isFresh: true,
  };
  authority.issued.set(serialNumber, certificate);
  return certificate;
}

/** PEM of the authority's own certificate and those above it, in this order. */
export function chainOf({ installed }: PrivateAuthority): string | undefined {
  return installed && [installed.pem, installed.chainPem].filter((pem) => pem !== undefined).join('\n');
}

function assertMayIssue(authority: PrivateAuthority, { certifies, pathLength }: CertificateTemplate): void {
  const { type } = authority.configuration;
  if (certifies === 'root') {
    if (type !== 'ROOT') throw new AwsError('InvalidArgsException', 'a subordinate cannot issue a root certificate');
    authority.assertStatus('PENDING_CERTIFICATE', 'ACTIVE');
    return;
  }
  authority.assertStatus('ACTIVE');
  const allowed = authority.installed?.pathLength;
  if (certifies !== 'subordinate' || allowed === undefined || (pathLength ?? 0) < allowed) return;
  const reason = `a path length of ${pathLength} must be below the issuing authority's own, which is ${allowed}`;
  throw new AwsError('InvalidArgsException', reason);
}

function readRequest(pem: string): CertificateSigningRequest {
  try {
    const request = readCertificateSigningRequest(pem);
    const { uris, dnsNames } = request.subjectAlternativeNames;
    if (!request.subject.equals(EMPTY_NAME) || uris.length + dnsNames.length > 0) return request;
  } catch (error) {
    if (error instanceof CertificateSigningRequestError) throw new AwsError('MalformedCSRException', error.message);
    throw error;
  }
  throw new AwsError('MalformedCSRException', 'the request must have a subject or a subject alternative name');
}

function assertOwnRequest({ key }: PrivateAuthority, { publicKey }: CertificateSigningRequest): void {
  if (publicKey.equals(createPublicKey(key))) return;
  throw new AwsError('InvalidArgsException', "a root certificate is issued from the authority's own request only");
}

/** Only the validity of a root has no limit. */
function validityPeriod(
  authority: PrivateAuthority,
  request: IssueRequest,
  at: Date,
): { notBefore: Date; notAfter: Date } {
  const notBefore = startOf(request.validityNotBefore, at);
  const notAfter = endOf(request.validity, at);
  if (notAfter <= notBefore)
    throw new AwsError('ValidationException', 'ValidityNotBefore must be before the end of the validity');
  const { installed, configuration } = authority;
  if (request.template.certifies === 'root' || !installed) return { notBefore, notAfter };
  if (notAfter > notAfterOf(installed.certificate)) {
    const reason = 'The certificate validity specified exceeds the certificate authority validity';
    throw new AwsError('ValidationException', reason);
  }
  if (
    configuration.usageMode === 'SHORT_LIVED_CERTIFICATE' &&
    notAfter.getTime() - at.getTime() > SHORT_LIVED_MAXIMUM
  ) {
    const reason = 'The certificate validity specified exceeds the 7 days of a short-lived certificate authority';
    throw new AwsError('ValidationException', reason);
  }
  return { notBefore, notAfter };
}
