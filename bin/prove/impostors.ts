/** Certificates that the gateway must refuse. */

import { createPublicKey, X509Certificate } from 'node:crypto';
import {
  type ACMPCAClient,
  GetCertificateCommand,
  IssueCertificateCommand,
  waitUntilCertificateIssued,
} from '@aws-sdk/client-acm-pca';
import type { TlsCredentials } from 'cdk-mtls-service-mesh/client';
import type { ClientSecret } from '../../mesh/client-secret';
import { CLIENT_CERTIFICATE_TEMPLATE } from '../../mesh/contract';
import { createCertificateSigningRequest } from '../../pki/certificate-signing-request';
import { generatePrivateKey, privateKeyPem } from '../../pki/keys';
import { readCertificates } from '../../pki/pem';
import { encodedSubjectOf, signCertificate } from '../../sandbox/x509/certificate';
import { clientExtensions, rootAuthorityExtensions } from '../../sandbox/x509/profiles';

/**
 * A copy of the victim's certificate and of its authority's certificate, with the same names and serial numbers. Only the
 * keys differ: they are the impostor's.
 */
export async function copiedIdentity(victim: ClientSecret): Promise<TlsCredentials> {
  const [authority] = readCertificates(victim.certificateChain);
  if (authority === undefined) throw new Error(`the secret of ${victim.clientName} has no certificate chain`);
  const authorityKey = await generatePrivateKey('EC_prime256v1');
  const privateKey = await generatePrivateKey('EC_prime256v1');
  const signing = {
    issuer: encodedSubjectOf(authority),
    notBefore: new Date(victim.notBefore),
    notAfter: new Date(victim.notAfter),
    signingKey: authorityKey,
    signingAlgorithm: 'SHA256WITHECDSA',
  } as const;
  return {
    certificate: signCertificate({
      ...signing,
      serialNumber: victim.serialNumber,
      subject: encodedSubjectOf(new X509Certificate(victim.certificate)),
      publicKey: createPublicKey(privateKey),
      extensions: clientExtensions({ uris: [victim.spiffeId], dnsNames: [] }),
    }),
    certificateChain: signCertificate({
      ...signing,
      serialNumber: authority.serialNumber,
      subject: signing.issuer,
      publicKey: createPublicKey(authorityKey),
      extensions: rootAuthorityExtensions(),
    }),
    privateKey: privateKeyPem(privateKey),
  };
}

/** An expired certificate of the mesh's own authority with the victim's identity. */
export async function expiredIdentity(
  victim: ClientSecret,
  authorityArn: string,
  pca: ACMPCAClient,
): Promise<TlsCredentials> {
  const privateKey = await generatePrivateKey('EC_prime256v1');
  const [arn, partition] = authorityArn.split(':');
  const notAfter = Math.floor(Date.now() / 1000) + 2;
  const { CertificateArn } = await pca.send(
    new IssueCertificateCommand({
      CertificateAuthorityArn: authorityArn,
      TemplateArn: `${arn}:${partition}:acm-pca:::template/${CLIENT_CERTIFICATE_TEMPLATE}`,
      Csr: Buffer.from(createCertificateSigningRequest(privateKey, victim.clientName)),
      SigningAlgorithm: 'SHA256WITHECDSA',
      Validity: { Type: 'ABSOLUTE', Value: notAfter },
      ApiPassthrough: {
        Subject: { CommonName: victim.clientName },
        Extensions: { SubjectAlternativeNames: [{ UniformResourceIdentifier: victim.spiffeId }] },
      },
    }),
  );
  const issued = { CertificateAuthorityArn: authorityArn, CertificateArn };
  await waitUntilCertificateIssued({ client: pca, maxWaitTime: 10, minDelay: 1, maxDelay: 1 }, issued);
  const { Certificate = '', CertificateChain = '' } = await pca.send(new GetCertificateCommand(issued));
  await new Promise((resolve) => setTimeout(resolve, (notAfter + 1) * 1000 - Date.now()));
  return { certificate: Certificate, certificateChain: CertificateChain, privateKey: privateKeyPem(privateKey) };
}
