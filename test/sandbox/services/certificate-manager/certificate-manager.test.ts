import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SANDBOX_ACCOUNT } from '../../../../sandbox/account';
import { Clock } from '../../../../sandbox/clock';
import { CertificateManagerService } from '../../../../sandbox/services/certificate-manager';
import { testWith } from '../../../programs';

const withOpenssl = testWith('openssl');
const surroundings = { account: SANDBOX_ACCOUNT, clock: new Clock() };
const manager = new CertificateManagerService(surroundings);
const type = manager.resourceTypes['AWS::CertificateManager::Certificate'];
const IMPORTED = 'arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000';

async function create(properties: Record<string, unknown>): Promise<string> {
  const resource = await type?.create({ stackName: 'Mesh', stackId: 'id', logicalId: 'Certificate', properties });
  return resource?.physicalId ?? '';
}

test('issues a certificate for the names of the template', async () => {
  const arn = await create({
    DomainName: 'mesh.example.com',
    SubjectAlternativeNames: ['*.mesh.example.com', 'mesh.example.com'],
    ValidationMethod: 'DNS',
    DomainValidationOptions: [{ DomainName: 'mesh.example.com', HostedZoneId: 'Z1' }],
    Tags: [{ Key: 'a', Value: 'b' }],
  });
  expect(arn).toMatch(/^arn:aws:acm:us-east-1:123456789012:certificate\/[0-9a-f-]{36}$/);
  const { certificateChain, privateKey } = manager.serverCertificate(arn, 'a.mesh.example.com');
  const certificate = new X509Certificate(certificateChain);
  expect(certificate.subjectAltName).toBe('DNS:mesh.example.com, DNS:*.mesh.example.com');
  expect(certificate.checkPrivateKey(createPrivateKey(privateKey))).toBe(true);
  expect(certificate.checkIssued(new X509Certificate(manager.serverAuthority))).toBe(true);
});

test.each([
  ['EC_secp384r1', 'ec'],
  ['RSA_2048', 'rsa'],
  [undefined, 'ec'],
])('makes a key of the algorithm %s', async (KeyAlgorithm, keyType) => {
  const arn = await create({ DomainName: 'mesh.example.com', KeyAlgorithm });
  const { certificateChain } = manager.serverCertificate(arn, 'mesh.example.com');
  expect(new X509Certificate(certificateChain).publicKey.asymmetricKeyType).toBe(keyType);
});

test('refuses a domain name that the certificate does not cover', async () => {
  const arn = await create({ DomainName: 'mesh.example.com' });
  expect(() => manager.serverCertificate(arn, 'other.example.com')).toThrow(`${arn} does not cover other.example.com`);
});

test('issues one for whatever domain uses a certificate that no template made', () => {
  const { certificateChain } = manager.serverCertificate(IMPORTED, 'mesh.example.com');
  expect(new X509Certificate(certificateChain).checkHost('mesh.example.com')).toBe('mesh.example.com');
});

test('signs with an authority of its own in each sandbox', () => {
  expect(new CertificateManagerService(surroundings).serverAuthority).not.toBe(manager.serverAuthority);
});

test.each([{ ValidationMethod: 'EMAIL' }, { KeyAlgorithm: 'RSA_1024' }, { DomainName: '' }])(
  'refuses %j',
  async (given) => {
    await expect(create({ DomainName: 'mesh.example.com', ...given })).rejects.toThrow();
  },
);

withOpenssl('openssl verifies the certificate for a TLS server', () => {
  const directory = mkdtempSync(join(tmpdir(), 'certificate-manager-'));
  try {
    writeFileSync(join(directory, 'ca.pem'), manager.serverAuthority);
    writeFileSync(
      join(directory, 'server.pem'),
      manager.serverCertificate(IMPORTED, 'mesh.example.com').certificateChain,
    );
    const options = [
      '-x509_strict',
      '-purpose',
      'sslserver',
      '-verify_hostname',
      'mesh.example.com',
      '-CAfile',
      'ca.pem',
    ];
    const output = execFileSync('openssl', ['verify', ...options, 'server.pem'], { cwd: directory, encoding: 'utf8' });
    expect(output).toBe('server.pem: OK\n');
  } finally {
    rmSync(directory, { recursive: true });
  }
});
