import { X509Certificate } from 'node:crypto';
import { Clock } from '../../../../sandbox/clock';
import type { AcmPcaService } from '../../../../sandbox/services/acm-pca';
import { requestFor, resourceType } from '../resource-request';
import { activeAuthority, pendingAuthority, startAcmPca, template } from './hierarchy';

const DAY = 24 * 60 * 60 * 1000;

let clock: Clock;
let service: AcmPcaService;

beforeEach(() => {
  clock = new Clock();
  service = startAcmPca(clock).service;
});

const type = (name: string) => resourceType(service, `AWS::ACMPCA::${name}`);

describe('AWS::ACMPCA::CertificateAuthority', () => {
  test('has its ARN as reference, and its request as attribute', async () => {
    const { physicalId, attributes } = await pendingAuthority(service);
    expect(physicalId).toMatch(/^arn:aws:acm-pca:us-east-1:123456789012:certificate-authority\/[0-9a-f-]{36}$/);
    expect(attributes.Arn).toBe(physicalId);
    expect(attributes.CertificateSigningRequest).toContain('BEGIN CERTIFICATE REQUEST');
  });

  test('is not deleted while it is active, but is after its activation is gone', async () => {
    const { resource, activation } = await activeAuthority(service);
    const deletion = () => type('CertificateAuthority').delete(requestFor({}), resource);
    await expect(deletion()).rejects.toMatchObject({ code: 'InvalidStateException' });
    await type('CertificateAuthorityActivation').delete(requestFor({}), activation);
    await deletion();
    await deletion();
  });

  test('is deleted while it waits for its certificate', async () => {
    await type('CertificateAuthority').delete(requestFor({}), await pendingAuthority(service));
  });

  test('is gone for good when nobody restored it in 30 days', async () => {
    const resource = await pendingAuthority(service);
    await type('CertificateAuthority').delete(requestFor({}), resource);
    await clock.advance(31 * DAY);
    await expect(type('CertificateAuthority').update(requestFor(properties), resource, {})).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
    });
  });

  const properties = {
    Type: 'ROOT',
    KeyAlgorithm: 'EC_prime256v1',
    SigningAlgorithm: 'SHA256WITHECDSA',
    Subject: { CommonName: 'Root' },
  };

  test.each([
    { KeyAlgorithm: 'ML_DSA_65' },
    { SigningAlgorithm: 'SHA256WITHRSA' },
    { Subject: { CommonName: 'Root', Title: 'Ms.' } },
    { CsrExtensions: {} },
    { RevocationConfiguration: { CrlConfiguration: { Enabled: true } } },
    { UsageMode: 'FOREVER' },
  ])('is refused with %j', async (changed) => {
    await expect(pendingAuthority(service, changed)).rejects.toThrow();
  });

  test('may say that it has no revocation lists', async () => {
    const off = { Enabled: false };
    await pendingAuthority(service, { RevocationConfiguration: { CrlConfiguration: off, OcspConfiguration: off } });
  });
});

describe('AWS::ACMPCA::Certificate', () => {
  test('has its PEM as attribute at once, and deleting it changes nothing', async () => {
    const { arn, resource } = await activeAuthority(service);
    const request = requestFor({
      CertificateAuthorityArn: arn,
      CertificateSigningRequest: resource.attributes.CertificateSigningRequest,
      SigningAlgorithm: 'SHA384WITHECDSA',
      Validity: { Type: 'DAYS', Value: '30' },
      TemplateArn: template('EndEntityClientAuthCertificate_APIPassthrough'),
      ApiPassthrough: { Subject: { CommonName: 'mail' } },
    });
    const certificate = await type('Certificate').create(request);
    expect(new X509Certificate(String(certificate.attributes.Certificate)).subject).toBe('CN=mail');
    await type('Certificate').delete(request, certificate);
  });

  test('is replaced by a change of any property', () => {
    expect(new Set(Object.values(type('Certificate').properties))).toEqual(new Set(['createOnly']));
  });
});

describe('AWS::ACMPCA::CertificateAuthorityActivation', () => {
  const activate = (CertificateAuthorityArn: string, Certificate: unknown, others: object = {}) =>
    type('CertificateAuthorityActivation').create(requestFor({ CertificateAuthorityArn, Certificate, ...others }));

  test('of another key’s certificate is refused', async () => {
    const { certificate } = await activeAuthority(service);
    const { physicalId } = await pendingAuthority(service);
    await expect(activate(physicalId, certificate)).rejects.toMatchObject({ code: 'CertificateMismatchException' });
  });

  test('of a root with a chain, or of a subordinate without one, is refused', async () => {
    const root = await activeAuthority(service);
    await expect(activate(root.arn, root.certificate, { CertificateChain: root.certificate })).rejects.toMatchObject({
      code: 'MalformedCertificateException',
    });
    const { physicalId, attributes } = await pendingAuthority(service, { Type: 'SUBORDINATE' });
    const issued = await type('Certificate').create(
      requestFor({
        CertificateAuthorityArn: root.arn,
        CertificateSigningRequest: attributes.CertificateSigningRequest,
        SigningAlgorithm: 'SHA256WITHECDSA',
        Validity: { Type: 'YEARS', Value: 1 },
        TemplateArn: template('SubordinateCACertificate_PathLen0'),
      }),
    );
    await expect(activate(physicalId, issued.attributes.Certificate)).rejects.toMatchObject({
      code: 'MalformedCertificateException',
    });
  });

  test.each(['', 'no certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'])(
    'of %j is refused',
    async (certificate) => {
      const { physicalId } = await pendingAuthority(service);
      await expect(activate(physicalId, certificate)).rejects.toMatchObject({
        code: expect.stringMatching(/^(MalformedCertificate|Validation)Exception$/),
      });
    },
  );

  test('switches the authority off and on', async () => {
    const { arn, certificate, resource } = await activeAuthority(service);
    await activate(arn, certificate, { Status: 'DISABLED' });
    await type('CertificateAuthority').delete(requestFor({}), resource);
    const other = await activeAuthority(service);
    await activate(other.arn, other.certificate, { Status: 'DISABLED' });
    await activate(other.arn, other.certificate, { Status: 'ACTIVE' });
    await expect(type('CertificateAuthority').delete(requestFor({}), other.resource)).rejects.toThrow();
  });
});

describe('AWS::ACMPCA::Permission', () => {
  test('is given once to a principal', async () => {
    const { physicalId } = await pendingAuthority(service);
    const request = requestFor({
      CertificateAuthorityArn: physicalId,
      Principal: 'acm.amazonaws.com',
      Actions: ['IssueCertificate', 'GetCertificate', 'ListPermissions'],
    });
    const permission = await type('Permission').create(request);
    await expect(type('Permission').create(request)).rejects.toMatchObject({
      code: 'PermissionAlreadyExistsException',
    });
    await type('Permission').delete(request, permission);
    await type('Permission').create(request);
  });
});
