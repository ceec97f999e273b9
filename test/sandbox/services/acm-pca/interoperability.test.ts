import 'reflect-metadata';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { X509Certificate, X509ChainBuilder } from '@peculiar/x509';
import { testWith } from '../../../programs';
import { requestFor, resourceType } from '../resource-request';
import { activeAuthority, newKey, requestOf, startAcmPca, template } from './hierarchy';

const withOpenssl = testWith('openssl');

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'acm-pca-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

const ALGORITHMS = [
  ['EC_prime256v1', 'SHA256WITHECDSA'],
  ['EC_secp384r1', 'SHA384WITHECDSA'],
  ['RSA_2048', 'SHA512WITHRSA'],
] as const;

/** A root, a subordinate, and a client certificate of the subordinate. */
async function hierarchy(KeyAlgorithm: string, SigningAlgorithm: string) {
  const { service } = startAcmPca();
  const algorithms = { KeyAlgorithm, SigningAlgorithm };
  const root = await activeAuthority(service, algorithms, { SigningAlgorithm });
  const issuing = await activeAuthority(
    service,
    { ...algorithms, Type: 'SUBORDINATE', Subject: { CommonName: 'Issuing' } },
    {
      SigningAlgorithm,
      TemplateArn: template('SubordinateCACertificate_PathLen0'),
      Validity: { Type: 'YEARS', Value: 5 },
    },
    root,
  );
  const client = await resourceType(service, 'AWS::ACMPCA::Certificate').create(
    requestFor({
      CertificateAuthorityArn: issuing.arn,
      CertificateSigningRequest: requestOf(newKey()).toString(),
      SigningAlgorithm,
      Validity: { Type: 'DAYS', Value: 7 },
      TemplateArn: template('EndEntityClientAuthCertificate_APIPassthrough'),
      ApiPassthrough: {
        Subject: { CommonName: 'mail', Organization: 'Example, "Ünï" & Söhne' },
        Extensions: {
          SubjectAlternativeNames: [
            { UniformResourceIdentifier: 'spiffe://mesh.example.com/mail' },
            { DnsName: 'mail.example.com' },
          ],
        },
      },
    }),
  );
  return { root: root.certificate, issuing: issuing.certificate, client: String(client.attributes.Certificate) };
}

function openssl(...args: string[]): string {
  return execFileSync('openssl', args, { cwd: directory, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

describe.each(ALGORITHMS)('with keys of %s and signatures by %s', (keyAlgorithm, signingAlgorithm) => {
  withOpenssl('openssl verifies the client certificate strictly, for a client and for nothing else', async () => {
    const pems = await hierarchy(keyAlgorithm, signingAlgorithm);
    for (const [name, pem] of Object.entries(pems)) writeFileSync(join(directory, `${name}.pem`), `${pem}\n`);
    const verify = (purpose: string) =>
      openssl(
        'verify',
        '-x509_strict',
        '-purpose',
        purpose,
        '-CAfile',
        'root.pem',
        '-untrusted',
        'issuing.pem',
        'client.pem',
      );
    expect(verify('sslclient').trim()).toBe('client.pem: OK');
    expect(() => verify('sslserver')).toThrow();
    expect(openssl('x509', '-in', 'client.pem', '-noout', '-ext', 'subjectAltName')).toContain(
      'URI:spiffe://mesh.example.com/mail, DNS:mail.example.com',
    );
    expect(openssl('x509', '-in', 'issuing.pem', '-noout', '-ext', 'basicConstraints')).toContain('CA:TRUE, pathlen:0');
  });

  test('@peculiar/x509 builds the chain up to the root', async () => {
    const { root, issuing, client } = await hierarchy(keyAlgorithm, signingAlgorithm);
    const authorities = [new X509Certificate(root), new X509Certificate(issuing)];
    const chain = await new X509ChainBuilder({ certificates: authorities }).build(new X509Certificate(client));
    expect(chain.map(({ subject }) => subject)).toEqual([
      expect.stringContaining('CN=mail'),
      'CN=Issuing',
      expect.stringContaining('CN=Mesh Root'),
    ]);
  });
});

withOpenssl('a request of openssl keeps its own extensions only where a template lets them through', async () => {
  const { service } = startAcmPca();
  const { arn } = await activeAuthority(service);
  const asked = ['extendedKeyUsage=serverAuth', 'basicConstraints=CA:TRUE', 'certificatePolicies=1.2.3.4'];
  const extensions = asked.flatMap((extension) => ['-addext', extension]);
  const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', 'key.pem'];
  const request = openssl('req', '-new', ...key, '-subj', '/CN=mail', ...extensions);
  const extensionsFrom = async (name: string) => {
    const certificate = await resourceType(service, 'AWS::ACMPCA::Certificate').create(
      requestFor({
        CertificateAuthorityArn: arn,
        CertificateSigningRequest: request,
        SigningAlgorithm: 'SHA256WITHECDSA',
        Validity: { Type: 'DAYS', Value: 7 },
        TemplateArn: template(name),
      }),
    );
    writeFileSync(join(directory, 'mail.pem'), String(certificate.attributes.Certificate));
    return openssl('x509', '-in', 'mail.pem', '-noout', '-text');
  };
  const kept = await extensionsFrom('EndEntityClientAuthCertificate_CSRPassthrough');
  expect(kept).toContain('Policy: 1.2.3.4');
  for (const text of [kept, await extensionsFrom('EndEntityClientAuthCertificate')]) {
    expect(text).toContain('CA:FALSE');
    expect(text).toContain('TLS Web Client Authentication');
    expect(text).not.toContain('TLS Web Server Authentication');
  }
  expect(await extensionsFrom('EndEntityClientAuthCertificate_APIPassthrough')).not.toContain('Policy');
});
