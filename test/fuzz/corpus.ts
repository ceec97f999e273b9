import { createPublicKey } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { createCertificateSigningRequest } from '../../pki/certificate-signing-request';
import { generatePrivateKey, KEY_ALGORITHMS } from '../../pki/keys';
import { randomSerialNumber, signCertificate } from '../../sandbox/x509/certificate';
import { encodeDistinguishedName } from '../../sandbox/x509/names';
import { clientExtensions } from '../../sandbox/x509/profiles';
import { createClient, createRoot, createSubordinate, validFor } from '../pki/authorities';

/** Valid inputs, which the mutations begin with. */
export interface Corpus {
  readonly certificates: readonly Buffer[];
  readonly signingRequests: readonly Buffer[];
}

export async function createCorpus(): Promise<Corpus> {
  const root = await createRoot('Root');
  const subordinate = await createSubordinate(root, 'Issuing');
  const client = await createClient(subordinate, 'mail');
  const keys = await Promise.all(KEY_ALGORITHMS.map(generatePrivateKey));
  const rich = signCertificate({
    ...validFor(1),
    serialNumber: randomSerialNumber(),
    subject: encodeDistinguishedName({ organization: 'Partner, "Inc."', organizationalUnit: 'ü', commonName: 'x+y=z' }),
    issuer: encodeDistinguishedName({ commonName: 'Issuing' }),
    publicKey: createPublicKey(root.privateKey),
    extensions: clientExtensions({
      uris: ['spiffe://partner.example.com/billing', 'https://example.com/a,b'],
      dnsNames: ['mail.example.com', 'xn--mller-kva.example.com'],
    }),
    signingKey: subordinate.privateKey,
    signingAlgorithm: 'SHA256WITHECDSA',
  });
  return {
    certificates: [root.pem, subordinate.pem, client.pem, rich].map(derOf),
    signingRequests: keys.map((key) => derOf(createCertificateSigningRequest(key, 'mail'))),
  };
}

function derOf(pem: string): Buffer {
  return Buffer.from(x509.PemConverter.decodeFirst(pem));
}
