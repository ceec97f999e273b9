import fc from 'fast-check';
import {
  readCertificateLimit,
  readCertificateOrder,
  readOverlap,
  readRequesters,
  readSecretId,
} from '../../../../lambda/certificate-issuer/issue/certificate-order';
import { PropertyError } from '../../../../lambda/custom-resource/properties';
import { PROPERTIES } from '../properties';

const TRUST_DOMAIN = 'mesh.example.com';

describe('a certificate order', () => {
  test('is read from the strings that CloudFormation sends', () => {
    expect(readCertificateOrder({ ...PROPERTIES, ServiceToken: 'arn:aws:lambda:…', ServiceTimeout: '300' })).toEqual({
      clientName: 'mail',
      spiffeId: 'spiffe://mesh.example.com/mail',
      dnsNames: ['mail.internal.example.com'],
      keyAlgorithm: 'EC_prime256v1',
      validityHours: 168,
      certificateAuthorityArn: PROPERTIES.CertificateAuthorityArn,
      signingAlgorithm: 'SHA256WITHECDSA',
    });
    expect(readSecretId({ ...PROPERTIES }, 'mail', TRUST_DOMAIN)).toBe(PROPERTIES.SecretId);
  });

  test.each([
    ['ClientName', 'Mail'],
    ['ClientName', 'mail,CN=admin'],
    ['ClientName', 'mail\n'],
    ['ClientName', 'm'.repeat(64)],
    ['ClientName', undefined],
    ['ClientName', ['mail']],
    ['SpiffeId', 'spiffe://mesh.example.com/social'],
    ['SpiffeId', 'spiffe://mesh.example.com/mail/../social'],
    ['SpiffeId', 'spiffe://mesh.example.com/mail?x'],
    ['SpiffeId', 'spiffe:///mail'],
    ['SpiffeId', 'spiffe://Mesh.example.com/mail'],
    ['SpiffeId', 'https://mesh.example.com/mail'],
    ['SpiffeId', `spiffe://${'a'.repeat(300)}/mail`],
    ['SpiffeId', {}],
    ['DnsNames', 'mail.internal.example.com'],
    ['DnsNames', ['*.example.com']],
    ['DnsNames', ['a.example.com', 'a.example.com']],
    ['DnsNames', ['a.example.com\u0000.evil.example.com']],
    ['DnsNames', [null]],
    ['DnsNames', Array.from({ length: 150 }, (_, index) => `n${index}.example.com`)],
    ['KeyAlgorithm', 'RSA_1024'],
    ['KeyAlgorithm', 'constructor'],
    ['ValidityHours', '0'],
    ['ValidityHours', '-24'],
    ['ValidityHours', '1e3'],
    ['ValidityHours', '24.5'],
    ['ValidityHours', '0x18'],
    ['ValidityHours', ' 24'],
    ['ValidityHours', '99999999'],
    ['ValidityHours', 24],
    ['CertificateAuthorityArn', 'arn:aws:acm-pca:eu-central-1:111122223333:certificate-authority/*'],
    ['CertificateAuthorityArn', `${PROPERTIES.CertificateAuthorityArn}/certificate/1`],
    ['SigningAlgorithm', 'MD5WITHRSA'],
  ])('refuses %s: %j', (property, value) => {
    const read = () => readCertificateOrder({ ...PROPERTIES, [property]: value });

    expect(read).toThrow(PropertyError);
    expect(read).toThrow(new RegExp(`^${property}(\\[0\\])? (must|must not) `));
  });

  test('takes 149 DNS names beside the SPIFFE ID', () => {
    const DnsNames = Array.from({ length: 149 }, (_, index) => `n${index}.example.com`);
    expect(readCertificateOrder({ ...PROPERTIES, DnsNames }).dnsNames).toEqual(DnsNames);
  });

  test('may come without a secret, an overlap, and requesters', () => {
    expect(readSecretId({}, 'mail', TRUST_DOMAIN)).toBeUndefined();
    expect(readCertificateLimit({})).toEqual({});
    expect(readOverlap({})).toEqual({});
    expect(readRequesters({})).toEqual({});
  });

  test('names who may request certificates', () => {
    const Requesters = ['arn:aws:iam::111122223333:role/apps/MailApp', 'arn:aws:iam::111122223333:user/operator'];
    expect(readRequesters({ Requesters })).toEqual({ requesters: Requesters });
    expect(() => readRequesters({ Requesters: ['*'] })).toThrow(PropertyError);
  });

  test.each([
    ['0', 0],
    ['1', 1],
    ['24', 24],
    ['999999', 999_999],
  ])('reads an overlap of %s hours', (OverlapHours, overlapHours) => {
    expect(readOverlap({ OverlapHours })).toEqual({ overlapHours });
  });

  test.each(['', '-1', '01', '1.5', '1000000', '1h', ' 1'])('refuses an overlap of %j hours', (OverlapHours) => {
    expect(() => readOverlap({ OverlapHours })).toThrow(/^OverlapHours must be whole hours from 0 to 999999, got /);
  });

  test.each([
    'mail',
    'arn:aws:secretsmanager:eu-central-1:111122223333:secret:*',
    'arn:aws:ssm:eu-central-1:111122223333:parameter/mail',
  ])('refuses the SecretId %s', (SecretId) => {
    expect(() => readSecretId({ SecretId }, 'mail', TRUST_DOMAIN)).toThrow(
      /^SecretId must be the ARN of a secret, got "/,
    );
  });

  const SECRETS = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:';
  test.each([
    `${SECRETS}mesh.example.com/social-AbCdEf`,
    `${SECRETS}other.example.com/mail-AbCdEf`,
    `${SECRETS}mesh.example.com/mail`,
    `${SECRETS}mesh.example.com/mail/social-AbCdEf`,
    `${SECRETS}database-AbCdEf`,
  ])('refuses the secret of somebody else for mail: %s', (SecretId) => {
    expect(() => readSecretId({ SecretId }, 'mail', TRUST_DOMAIN)).toThrow(
      /^SecretId must be the secret mesh.example.com\/mail, got "/,
    );
  });

  test('reads a limit of certificates', () => {
    expect(readCertificateLimit({ CertificateLimit: '12' })).toEqual({ certificateLimit: 12 });
    for (const CertificateLimit of ['0', '-1', '1.5', '1e9', '10000000', '', 12]) {
      expect(() => readCertificateLimit({ CertificateLimit })).toThrow(PropertyError);
    }
  });

  test('quotes refused values in brief and on one line', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        try {
          readCertificateOrder({ ...PROPERTIES, SigningAlgorithm: value });
        } catch (error) {
          expect(error).toBeInstanceOf(PropertyError);
          expect((error as Error).message.length).toBeLessThan(250);
          expect((error as Error).message).not.toContain('\n');
        }
      }),
    );
  });
});
