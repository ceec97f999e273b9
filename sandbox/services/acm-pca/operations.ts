import type { Account } from '../../account';
import { type AwsCall, AwsError } from '../../endpoint/api';
import type { JsonOperation } from '../../endpoint/json-protocol';
import { SIGNING_ALGORITHMS } from '../../x509/algorithms';
import { notAfterOf, notBeforeOf } from '../../x509/certificate';
import { page } from '../shared/paging';
import { blob, integer, oneOf, optional, string, structure } from '../shared/shape';
import { resourceTagKeys } from '../shared/tags';
import { awaitIssue, REVOCATION_REASONS, revoke } from './issuance/certificate-record';
import { issueCertificate } from './issuance/issue';
import { apiPassthroughShape } from './issuance/passthrough';
import { defaultTemplateArn, templateOf } from './issuance/templates';
import { validityShape } from './issuance/validity';
import type { PrivateAuthority } from './private-authority';
import type { PrivateAuthorities } from './state';

/** https://docs.aws.amazon.com/privateca/latest/APIReference/API_IssueCertificate.html */
const TOKEN_LIFETIME = 5 * 60 * 1000;
const DEFAULT_PAGE_SIZE = 100;

const arn = string({ min: 5, max: 200 });
const paging = {
  MaxResults: optional(integer({ min: 1, max: 1000 })),
  NextToken: optional(string({ min: 1, max: 43_739 })),
};

/** https://docs.aws.amazon.com/privateca/latest/APIReference/API_Operations.html */
export function acmPcaOperations(
  authorities: PrivateAuthorities,
  account: Account,
  now: () => Date,
): Readonly<Record<string, JsonOperation>> {
  /** Authorizes by the ARN and tags of the authority, before the answer reveals anything about it. */
  function authorize(
    call: AwsCall,
    action: string,
    authorityArn: string,
    keys: Readonly<Record<string, string>> = {},
  ): void {
    const tagKeys = resourceTagKeys(authorities.find(authorityArn)?.tags ?? []);
    call.authorize(`acm-pca:${action}`, authorityArn, { ...tagKeys, ...keys });
  }

  const issueShape = structure({
    CertificateAuthorityArn: arn,
    Csr: blob({ min: 1, max: 32_768 }),
    SigningAlgorithm: oneOf(...SIGNING_ALGORITHMS),
    TemplateArn: optional(arn),
    Validity: validityShape,
    ValidityNotBefore: optional(validityShape),
    ApiPassthrough: optional(apiPassthroughShape),
    IdempotencyToken: optional(string({ min: 1, max: 36 })),
  });

  function issue(input: unknown, call: AwsCall): object {
    const request = issueShape(input, '');
    const templateArn = request.TemplateArn ?? defaultTemplateArn(account.partition);
    authorize(call, 'IssueCertificate', request.CertificateAuthorityArn, { 'acm-pca:TemplateArn': templateArn });
    const authority = authorities.get(request.CertificateAuthorityArn);
    const answered = answeredWithin(authority, request.IdempotencyToken);
    if (answered !== undefined) return { CertificateArn: answered };
    const certificate = issueCertificate(
      authority,
      {
        certificateSigningRequest: request.Csr.toString('latin1'),
        signingAlgorithm: request.SigningAlgorithm,
        template: templateOf(templateArn, account.partition),
        validity: request.Validity,
        validityNotBefore: request.ValidityNotBefore,
        apiPassthrough: request.ApiPassthrough,
      },
      now(),
    );
    if (request.IdempotencyToken !== undefined) {
      authority.answeredTokens.set(request.IdempotencyToken, { at: now(), certificateArn: certificate.arn });
    }
    return { CertificateArn: certificate.arn };
  }

  /** Only the token counts, as documented: a different request with the same token returns the first certificate. */
  function answeredWithin({ answeredTokens }: PrivateAuthority, token: string | undefined): string | undefined {
    const oldest = now().getTime() - TOKEN_LIFETIME;
    for (const [known, { at }] of answeredTokens) {
      if (at.getTime() <= oldest) answeredTokens.delete(known);
    }
    return token === undefined ? undefined : answeredTokens.get(token)?.certificateArn;
  }

  const getCertificateShape = structure({ CertificateAuthorityArn: arn, CertificateArn: arn });

  function getCertificate(input: unknown, call: AwsCall): object {
    const { CertificateAuthorityArn, CertificateArn } = getCertificateShape(input, '');
    authorize(call, 'GetCertificate', CertificateAuthorityArn);
    const { issued } = authorities.get(CertificateAuthorityArn);
    const prefix = `${CertificateAuthorityArn}/certificate/`;
    const serialNumber = CertificateArn.startsWith(prefix) ? CertificateArn.slice(prefix.length) : '';
    if (!/^\d{1,50}$/.test(serialNumber)) {
      throw new AwsError('InvalidArnException', `not the ARN of a certificate of this authority: ${CertificateArn}`);
    }
    const certificate = issued.get(BigInt(serialNumber).toString(16).toUpperCase());
    if (!certificate)
      throw new AwsError('ResourceNotFoundException', `Could not find the certificate ${CertificateArn}`);
    awaitIssue(certificate);
    return { Certificate: certificate.pem, CertificateChain: certificate.chainPem };
  }

  const revokeShape = structure({
    CertificateAuthorityArn: arn,
    CertificateSerial: string({ max: 128 }),
    RevocationReason: oneOf(...REVOCATION_REASONS),
  });

  function revokeCertificate(input: unknown, call: AwsCall): undefined {
    const { CertificateAuthorityArn, CertificateSerial, RevocationReason } = revokeShape(input, '');
    authorize(call, 'RevokeCertificate', CertificateAuthorityArn);
    const authority = authorities.get(CertificateAuthorityArn);
    authority.assertStatus('ACTIVE', 'DISABLED', 'EXPIRED');
    if (!/^[0-9A-Fa-f]{2}(:?[0-9A-Fa-f]{2})*$/.test(CertificateSerial)) {
      throw new AwsError('InvalidRequestException', 'CertificateSerial must be hexadecimal, with or without colons');
    }
    const serialNumber = CertificateSerial.replaceAll(':', '')
      .replace(/^(00)+/, '')
      .toUpperCase();
    const certificate = authority.issued.get(serialNumber);
    if (!certificate) {
      throw new AwsError(
        'ResourceNotFoundException',
        `Could not find a certificate of serial number ${CertificateSerial}`,
      );
    }
    authority.revocationLists.authorizeRevocation(call, certificate);
    revoke(certificate, RevocationReason, now());
    authority.revocationLists.revoked(certificate);
  }

  const authorityShape = structure({ CertificateAuthorityArn: arn });

  function describeCertificateAuthority(input: unknown, call: AwsCall): object {
    const { CertificateAuthorityArn } = authorityShape(input, '');
    authorize(call, 'DescribeCertificateAuthority', CertificateAuthorityArn);
    return { CertificateAuthority: description(authorities.get(CertificateAuthorityArn), account) };
  }

  const listShape = structure({ ResourceOwner: optional(oneOf('SELF')), ...paging });

  function listCertificateAuthorities(input: unknown, call: AwsCall): object {
    const { MaxResults, NextToken } = listShape(input, '');
    call.authorize('acm-pca:ListCertificateAuthorities', '*');
    const size = Math.min(MaxResults ?? DEFAULT_PAGE_SIZE, DEFAULT_PAGE_SIZE);
    const { items, nextToken } = page(authorities.all(), size, NextToken);
    return { CertificateAuthorities: items.map((authority) => description(authority, account)), NextToken: nextToken };
  }

  function getCertificateAuthorityCertificate(input: unknown, call: AwsCall): object {
    const { CertificateAuthorityArn } = authorityShape(input, '');
    authorize(call, 'GetCertificateAuthorityCertificate', CertificateAuthorityArn);
    const authority = authorities.get(CertificateAuthorityArn);
    authority.assertStatus('ACTIVE', 'DISABLED', 'EXPIRED');
    return { Certificate: authority.installed?.pem, CertificateChain: authority.installed?.chainPem };
  }

  function getCertificateAuthorityCsr(input: unknown, call: AwsCall): object {
    const { CertificateAuthorityArn } = authorityShape(input, '');
    authorize(call, 'GetCertificateAuthorityCsr', CertificateAuthorityArn);
    return { Csr: authorities.get(CertificateAuthorityArn).certificateSigningRequest };
  }

  const listTagsShape = structure({ CertificateAuthorityArn: arn, ...paging });

  function listTags(input: unknown, call: AwsCall): object {
    const { CertificateAuthorityArn, MaxResults, NextToken } = listTagsShape(input, '');
    authorize(call, 'ListTags', CertificateAuthorityArn);
    const { tags } = authorities.get(CertificateAuthorityArn);
    const { items, nextToken } = page(tags, MaxResults ?? DEFAULT_PAGE_SIZE, NextToken);
    return { Tags: items, NextToken: nextToken };
  }

  return {
    DescribeCertificateAuthority: describeCertificateAuthority,
    GetCertificate: getCertificate,
    GetCertificateAuthorityCertificate: getCertificateAuthorityCertificate,
    GetCertificateAuthorityCsr: getCertificateAuthorityCsr,
    IssueCertificate: issue,
    ListCertificateAuthorities: listCertificateAuthorities,
    ListTags: listTags,
    RevokeCertificate: revokeCertificate,
  };
}

function description(authority: PrivateAuthority, account: Account): object {
  const { configuration, installed, restorableUntil } = authority;
  return {
    Arn: configuration.arn,
    OwnerAccount: account.id,
    CreatedAt: seconds(configuration.createdAt),
    LastStateChangeAt: seconds(authority.lastStateChangeAt),
    Type: configuration.type,
    Serial: installed && colonSeparated(installed.certificate.serialNumber),
    Status: authority.status,
    NotBefore: installed && seconds(notBeforeOf(installed.certificate)),
    NotAfter: installed && seconds(notAfterOf(installed.certificate)),
    CertificateAuthorityConfiguration: {
      KeyAlgorithm: configuration.keyAlgorithm,
      SigningAlgorithm: configuration.signingAlgorithm,
      Subject: configuration.givenSubject,
    },
    RevocationConfiguration: {
      CrlConfiguration: authority.revocationLists.configuration?.given ?? { Enabled: false },
      OcspConfiguration: { Enabled: false },
    },
    RestorableUntil: restorableUntil && seconds(restorableUntil),
    KeyStorageSecurityStandard: configuration.keyStorageSecurityStandard,
    UsageMode: configuration.usageMode,
  };
}

function colonSeparated(serialNumber: string): string {
  return serialNumber.toLowerCase().replace(/..(?=.)/g, '$&:');
}

/** Timestamps in AWS JSON are seconds since 1970, with a fraction. */
function seconds(date: Date): number {
  return date.getTime() / 1000;
}
