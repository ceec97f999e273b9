import { X509Certificate } from 'node:crypto';
import {
  ACMPCAClient,
  CreateCertificateAuthorityCommand,
  DescribeCertificateAuthorityCommand,
  GetCertificateAuthorityCertificateCommand,
  GetCertificateCommand,
  IssueCertificateCommand,
  type IssueCertificateCommandInput,
  ListCertificateAuthoritiesCommand,
  ListTagsCommand,
  RevokeCertificateCommand,
  type ValidityPeriodType,
} from '@aws-sdk/client-acm-pca';
import { Clock } from '../../../../sandbox/clock';
import type { AcmPcaService } from '../../../../sandbox/services/acm-pca';
import { createCertificateSigningRequest } from '../../../../sandbox/x509/certificate-signing-request';
import { duringWork } from '../../../interval';
import { type Served, send, serve } from '../serve';
import {
  activeAuthority,
  newKey,
  pendingAuthority,
  requestOf,
  startAcmPca,
  tamperedRequest,
  template,
} from './hierarchy';

const MINUTE = 60 * 1000;
const DAY = 24 * 60 * MINUTE;

let clock: Clock;
let service: AcmPcaService;
let served: Served;
let client: ACMPCAClient;

beforeEach(async () => {
  clock = new Clock();
  service = startAcmPca(clock).service;
  served = await serve(service.api);
  client = new ACMPCAClient(served.client);
});

afterEach(async () => {
  client.destroy();
  await served.close();
});

const issue = (CertificateAuthorityArn: string, options: Partial<IssueCertificateCommandInput> = {}) =>
  client.send(
    new IssueCertificateCommand({
      CertificateAuthorityArn,
      Csr: requestOf(newKey()),
      SigningAlgorithm: 'SHA256WITHECDSA',
      Validity: { Type: 'DAYS', Value: 7 },
      ...options,
    }),
  );
const get = (CertificateAuthorityArn: string, CertificateArn = '') =>
  client.send(new GetCertificateCommand({ CertificateAuthorityArn, CertificateArn }));
const describe_ = async (CertificateAuthorityArn: string) =>
  (await client.send(new DescribeCertificateAuthorityCommand({ CertificateAuthorityArn }))).CertificateAuthority;

async function issued(authorityArn: string, options: Partial<IssueCertificateCommandInput> = {}) {
  const { CertificateArn } = await issue(authorityArn, options);
  await expect(get(authorityArn, CertificateArn)).rejects.toMatchObject({ name: 'RequestInProgressException' });
  const { Certificate = '' } = await get(authorityArn, CertificateArn);
  return new X509Certificate(Certificate);
}

describe('issuing', () => {
  test('takes until the second time that somebody asks for the certificate', async () => {
    const { arn, certificate } = await activeAuthority(service);
    const { CertificateArn } = await issue(arn);
    await expect(get(arn, CertificateArn)).rejects.toMatchObject({ name: 'RequestInProgressException' });
    const answer = await get(arn, CertificateArn);
    expect(answer.CertificateChain).toBe(certificate);
    expect(new X509Certificate(answer.Certificate ?? '').checkIssued(new X509Certificate(certificate))).toBe(true);
  });

  test('names the certificate by its serial number in decimal', async () => {
    const { arn } = await activeAuthority(service);
    const { CertificateArn = '' } = await issue(arn);
    await expect(get(arn, CertificateArn)).rejects.toThrow();
    const { serialNumber } = new X509Certificate((await get(arn, CertificateArn)).Certificate ?? '');
    expect(CertificateArn).toBe(`${arn}/certificate/${BigInt(`0x${serialNumber}`)}`);
  });

  test('under one idempotency token happens once in five minutes', async () => {
    const { arn } = await activeAuthority(service);
    const request = { IdempotencyToken: 'token', Csr: requestOf(newKey()) };
    const first = await issue(arn, request);
    await clock.advance(4 * MINUTE);
    expect((await issue(arn, request)).CertificateArn).toBe(first.CertificateArn);
    await clock.advance(2 * MINUTE);
    expect((await issue(arn, request)).CertificateArn).not.toBe(first.CertificateArn);
  });

  test('needs an active authority', async () => {
    const { physicalId } = await pendingAuthority(service);
    await expect(issue(physicalId)).rejects.toMatchObject({ name: 'InvalidStateException' });
    const { arn } = await activeAuthority(service);
    await clock.advance(11 * 365 * DAY);
    expect((await describe_(arn))?.Status).toBe('EXPIRED');
    await expect(issue(arn)).rejects.toMatchObject({ name: 'InvalidStateException' });
  });

  test('with an algorithm of another family than the authority’s key is refused', async () => {
    const { arn } = await activeAuthority(service);
    await expect(issue(arn, { SigningAlgorithm: 'SHA256WITHRSA' })).rejects.toMatchObject({
      name: 'InvalidArgsException',
      message:
        'Signing algorithm SHA256WITHRSA cannot be used with key type EC_prime256v1. Valid signing algorithms are: SHA256WITHECDSA, SHA384WITHECDSA, SHA512WITHECDSA.',
    });
  });

  test('of an authority that does not exist is refused', async () => {
    const unknown = 'arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/11111111-1111-1111-1111-111111111111';
    await expect(issue(unknown)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(issue('arn:aws:s3:::bucket')).rejects.toMatchObject({ name: 'InvalidArnException' });
  });

  test('from a template that is not emulated fails by its name', async () => {
    const { arn } = await activeAuthority(service);
    await expect(issue(arn, { TemplateArn: template('CodeSigningCertificate') })).rejects.toThrow(
      /CodeSigningCertificate/,
    );
  });
});

describe('a request', () => {
  const garbage: [string, Buffer][] = [
    ['text', Buffer.from('not a request')],
    ['zeros', Buffer.alloc(1000)],
    ['an empty block', Buffer.from('-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----\n')],
    ['broken ASN.1', Buffer.from('-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n')],
    ['a signature that does not verify', tamperedRequest()],
    ['neither subject nor alternative name', Buffer.from(createCertificateSigningRequest(newKey(), {}))],
  ];

  test.each(garbage)('of %s is a MalformedCSRException', async (_, Csr) => {
    const { arn } = await activeAuthority(service);
    await expect(issue(arn, { Csr })).rejects.toMatchObject({ name: 'MalformedCSRException' });
  });

  test('of more than 32768 bytes is refused', async () => {
    const { arn } = await activeAuthority(service);
    await expect(issue(arn, { Csr: Buffer.alloc(32_769, 'A') })).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

describe('validity', () => {
  const in2049 = Date.UTC(2049, 11, 31, 23, 59, 59);
  const ends: [ValidityPeriodType, number, (now: number) => number][] = [
    ['DAYS', 90, (now) => now + 90 * DAY],
    ['MONTHS', 1, (now) => new Date(now).setUTCMonth(new Date(now).getUTCMonth() + 1)],
    ['YEARS', 2, (now) => new Date(now).setUTCFullYear(new Date(now).getUTCFullYear() + 2)],
    ['ABSOLUTE', in2049 / 1000, () => in2049],
    ['END_DATE', 491231235959, () => in2049],
    ['END_DATE', 20491231235959, () => in2049],
  ];

  test.each(ends)('%s %d ends when ACM PCA says', async (Type, Value, expected) => {
    const { arn } = await activeAuthority(service, {}, { Validity: { Type: 'YEARS', Value: 30 } });
    const earliest = expected(Math.floor(clock.now().getTime() / 1000) * 1000);
    const { validTo } = await issued(arn, { Validity: { Type, Value } });
    const end = new Date(validTo).getTime();
    expect(end).toBeGreaterThanOrEqual(earliest);
    expect(end).toBeLessThanOrEqual(expected(clock.now().getTime()));
  });

  test('starts an hour before the issuance, or when ValidityNotBefore says', async () => {
    const { arn } = await activeAuthority(service);
    const issuance = await duringWork(
      () => clock.now(),
      () => issued(arn),
    );
    expect(issuance.includes(new Date(issuance.result.validFrom).getTime() + 60 * MINUTE)).toBe(true);
    const Value = Math.floor(clock.now().getTime() / 1000) + 3600;
    const later = await issued(arn, { ValidityNotBefore: { Type: 'ABSOLUTE', Value } });
    expect(new Date(later.validFrom).getTime()).toBe(Value * 1000);
    await expect(issue(arn, { ValidityNotBefore: { Type: 'DAYS', Value: 1 } })).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });

  test('beyond the authority’s own is refused', async () => {
    const { arn } = await activeAuthority(service, {}, { Validity: { Type: 'DAYS', Value: 30 } });
    await expect(issue(arn, { Validity: { Type: 'DAYS', Value: 31 } })).rejects.toMatchObject({
      name: 'ValidationException',
      message: 'The certificate validity specified exceeds the certificate authority validity',
    });
  });

  test('beyond seven days is refused by a short-lived authority, whose own certificate may live for years', async () => {
    const { arn } = await activeAuthority(service, { UsageMode: 'SHORT_LIVED_CERTIFICATE' });
    await issue(arn, { Validity: { Type: 'DAYS', Value: 7 } });
    await expect(issue(arn, { Validity: { Type: 'DAYS', Value: 8 } })).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });

  const impossible: [ValidityPeriodType, number][] = [
    ['DAYS', 0],
    ['DAYS', -1],
    ['ABSOLUTE', 1],
    ['ABSOLUTE', Number.MAX_SAFE_INTEGER],
    ['END_DATE', 20991399999999],
    ['END_DATE', 1],
    ['YEARS', 9000],
  ];

  test.each(impossible)('of %s %d is refused', async (Type, Value) => {
    const { arn } = await activeAuthority(service);
    await expect(issue(arn, { Validity: { Type, Value } })).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

describe('identity', () => {
  const ApiPassthrough = {
    Subject: { CommonName: 'mail' },
    Extensions: { SubjectAlternativeNames: [{ UniformResourceIdentifier: 'spiffe://mesh.example.com/mail' }] },
  };

  test.each(['EndEntityClientAuthCertificate_APIPassthrough', 'EndEntityClientAuthCertificate_APICSRPassthrough'])(
    'comes from ApiPassthrough with the template %s, whatever the request says',
    async (name) => {
      const { arn } = await activeAuthority(service);
      const certificate = await issued(arn, { TemplateArn: template(name), ApiPassthrough });
      expect(certificate).toMatchObject({ subject: 'CN=mail', subjectAltName: 'URI:spiffe://mesh.example.com/mail' });
    },
  );

  test.each([
    'EndEntityClientAuthCertificate',
    'EndEntityClientAuthCertificate_CSRPassthrough',
    'EndEntityCertificate',
  ])('comes from the request with the template %s, and ApiPassthrough is ignored without a word', async (name) => {
    const { arn } = await activeAuthority(service);
    const certificate = await issued(arn, { TemplateArn: template(name), ApiPassthrough });
    expect(certificate.subject).toBe('CN=whoever');
    expect(certificate.subjectAltName).toBeUndefined();
  });

  test('comes from the request where ApiPassthrough is silent', async () => {
    const { arn } = await activeAuthority(service);
    const TemplateArn = template('EndEntityClientAuthCertificate_APIPassthrough');
    expect((await issued(arn, { TemplateArn })).subject).toBe('CN=whoever');
  });

  test('cannot be given by a passthrough that is not emulated', async () => {
    const { arn } = await activeAuthority(service);
    const Extensions = { SubjectAlternativeNames: [{ IpAddress: '192.0.2.1' }] };
    await expect(issue(arn, { ApiPassthrough: { Extensions } })).rejects.toThrow(/IpAddress/);
  });

  test.each([{ CommonName: 'x'.repeat(65) }, { Country: 'Germany' }])('of %j is refused', async (Subject) => {
    const { arn } = await activeAuthority(service);
    await expect(issue(arn, { ApiPassthrough: { Subject } })).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test('the default template serves both ends of TLS', async () => {
    const { arn } = await activeAuthority(service);
    expect((await issued(arn)).keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
  });
});

describe('a hierarchy', () => {
  const subordinate = (pathLength: number) => ({
    TemplateArn: template(`SubordinateCACertificate_PathLen${pathLength}`),
    Validity: { Type: 'YEARS', Value: 5 },
  });
  const named = (CommonName: string) => ({ Type: 'SUBORDINATE', Subject: { CommonName } });

  test('issues with the whole chain above, nearest first', async () => {
    const root = await activeAuthority(service);
    const below = await activeAuthority(service, named('Issuing'), subordinate(0), root);
    expect(below.completeChain).toBe(`${below.certificate}\n${root.certificate}`);
    const { CertificateArn } = await issue(below.arn);
    await expect(get(below.arn, CertificateArn)).rejects.toThrow();
    expect((await get(below.arn, CertificateArn)).CertificateChain).toBe(below.completeChain);
    const authority = await client.send(
      new GetCertificateAuthorityCertificateCommand({ CertificateAuthorityArn: below.arn }),
    );
    expect(authority).toMatchObject({ Certificate: below.certificate, CertificateChain: root.certificate });
  });

  test('gets no deeper than the path lengths allow', async () => {
    const root = await activeAuthority(service);
    const below = await activeAuthority(service, named('One'), subordinate(1), root);
    await activeAuthority(service, named('Two'), { ...subordinate(0), Validity: { Type: 'YEARS', Value: 1 } }, below);
    await expect(
      issue(below.arn, { TemplateArn: template('SubordinateCACertificate_PathLen1') }),
    ).rejects.toMatchObject({ name: 'InvalidArgsException' });
  });

  test('has roots that sign nobody’s request but their own as a root', async () => {
    const { arn } = await activeAuthority(service);
    await expect(issue(arn, { TemplateArn: template('RootCACertificate') })).rejects.toMatchObject({
      name: 'InvalidArgsException',
    });
  });
});

describe('revocation', () => {
  const revoke = (CertificateAuthorityArn: string, CertificateSerial: string) =>
    client.send(
      new RevokeCertificateCommand({ CertificateAuthorityArn, CertificateSerial, RevocationReason: 'KEY_COMPROMISE' }),
    );
  const withColons = (serialNumber: string) => serialNumber.toLowerCase().replace(/..(?=.)/g, '$&:');

  test.each([(serialNumber: string) => serialNumber, withColons, (serialNumber: string) => `00${serialNumber}`])(
    'takes the serial number in hexadecimal, as openssl prints it (%#)',
    async (spelling) => {
      const { arn } = await activeAuthority(service);
      const { CertificateArn } = await issue(arn);
      await expect(get(arn, CertificateArn)).rejects.toThrow();
      const { serialNumber } = new X509Certificate((await get(arn, CertificateArn)).Certificate ?? '');
      await revoke(arn, spelling(serialNumber));
      await expect(revoke(arn, serialNumber)).rejects.toMatchObject({ name: 'RequestAlreadyProcessedException' });
      expect((await get(arn, CertificateArn)).Certificate).toContain('BEGIN CERTIFICATE');
    },
  );

  test('of an unknown certificate, of a root’s own and of no number is refused', async () => {
    const { arn, certificate } = await activeAuthority(service);
    await expect(revoke(arn, 'AB')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(revoke(arn, 'not hexadecimal')).rejects.toMatchObject({ name: 'InvalidRequestException' });
    await expect(revoke(arn, new X509Certificate(certificate).serialNumber)).rejects.toMatchObject({
      name: 'InvalidRequestException',
    });
  });
});

describe('an authority', () => {
  test('tells what it is', async () => {
    const Tags = [{ Key: 'mesh', Value: 'schedule' }];
    const { arn, certificate } = await activeAuthority(service, { UsageMode: 'SHORT_LIVED_CERTIFICATE', Tags });
    expect(await describe_(arn)).toMatchObject({
      Arn: arn,
      OwnerAccount: '123456789012',
      Type: 'ROOT',
      Status: 'ACTIVE',
      UsageMode: 'SHORT_LIVED_CERTIFICATE',
      NotAfter: new Date(new X509Certificate(certificate).validTo),
      CertificateAuthorityConfiguration: {
        KeyAlgorithm: 'EC_prime256v1',
        SigningAlgorithm: 'SHA256WITHECDSA',
        Subject: { CommonName: 'Mesh Root', Organization: 'Example', Country: 'DE' },
      },
    });
    expect((await client.send(new ListTagsCommand({ CertificateAuthorityArn: arn }))).Tags).toEqual(Tags);
  });

  test('is listed, over pages', async () => {
    const arns = [(await pendingAuthority(service)).physicalId, (await pendingAuthority(service)).physicalId];
    const first = await client.send(new ListCertificateAuthoritiesCommand({ MaxResults: 1 }));
    const second = await client.send(new ListCertificateAuthoritiesCommand({ NextToken: first.NextToken }));
    const pages = [first, second].flatMap((page) => page.CertificateAuthorities ?? []);
    expect(pages.map((authority) => authority.Arn)).toEqual(arns);
  });

  test('without a certificate has none to show', async () => {
    const { physicalId } = await pendingAuthority(service);
    expect((await describe_(physicalId))?.Status).toBe('PENDING_CERTIFICATE');
    await expect(
      client.send(new GetCertificateAuthorityCertificateCommand({ CertificateAuthorityArn: physicalId })),
    ).rejects.toMatchObject({ name: 'InvalidStateException' });
  });

  test('cannot be made by a call that is not emulated, which fails by name', async () => {
    const command = new CreateCertificateAuthorityCommand({
      CertificateAuthorityType: 'ROOT',
      CertificateAuthorityConfiguration: { KeyAlgorithm: 'RSA_2048', SigningAlgorithm: 'SHA256WITHRSA', Subject: {} },
    });
    await expect(client.send(command)).rejects.toThrow(/CreateCertificateAuthority/);
  });
});

describe('authorization', () => {
  test('asks for the authority with the template, also for the default one', async () => {
    const { arn } = await activeAuthority(service);
    const TemplateArn = template('EndEntityClientAuthCertificate_APIPassthrough');
    await issue(arn, { TemplateArn });
    await issue(arn);
    expect(served.authorizations).toMatchObject([
      { action: 'acm-pca:IssueCertificate', resource: arn, conditionKeys: { 'acm-pca:TemplateArn': TemplateArn } },
      { conditionKeys: { 'acm-pca:TemplateArn': template('EndEntityCertificate') } },
    ]);
  });

  test('comes before anything is issued or revealed', async () => {
    const { arn } = await activeAuthority(service);
    served.denied.add('acm-pca:IssueCertificate').add('acm-pca:DescribeCertificateAuthority');
    await expect(issue(arn)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    await expect(describe_(`${arn}0`)).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});

test.each([
  '{',
  '[]',
  '{}',
  '{"CertificateAuthorityArn": {}}',
  '{"CertificateAuthorityArn": "arn:aws:acm-pca:::x", "Csr": "not base64!", "SigningAlgorithm": "SHA256WITHRSA"}',
  '{"__proto__": {"CertificateAuthorityArn": "x"}}',
])('the body %s is answered with an error of the protocol', async (body) => {
  const answer = await send(service.api, { headers: { 'x-amz-target': 'ACMPrivateCA.IssueCertificate' }, body });
  expect(answer.status).toBe(400);
  expect(JSON.parse(String(answer.body))).toMatchObject({ __type: expect.stringMatching(/Exception$/) });
});
