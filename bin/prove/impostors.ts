/** Certificates that the gateway must refuse. */
import { createPublicKey, X509Certificate } from 'node:crypto';
import type { TlsCredentials } from 'cdk-mtls-service-mesh/client';
import type { ClientSecret } from '../../mesh/client-secret';
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
