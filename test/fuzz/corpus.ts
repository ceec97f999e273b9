import { createPublicKey } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { createCertificateSigningRequest } from '../../pki/certificate-signing-request';
import { generatePrivateKey, KEY_ALGORITHMS } from '../../pki/keys';
import { CRL_REASONS, type CrlReason, signRevocationList } from '../../pki/revocation-list';
import { randomSerialNumber, signCertificate } from '../../sandbox/x509/certificate';
import { encodeDistinguishedName } from '../../sandbox/x509/names';
import { clientExtensions } from '../../sandbox/x509/profiles';
import { type Authority, createClient, createRoot, createSubordinate, validFor } from '../pki/authorities';
import { LocalSigner } from '../pki/local-signer';

/** Valid inputs, which the mutations begin with. */
export interface Corpus {
  readonly certificates: readonly Buffer[];
  readonly signingRequests: readonly Buffer[];
  readonly revocationLists: readonly Buffer[];
  /** PEM of the authority that signed the lists. */
  readonly listIssuer: string;
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
    revocationLists: await createRevocationLists(root),
    listIssuer: root.pem,
  };
}

/** An empty list, and one with every reason. */
function createRevocationLists(issuer: Authority): Promise<Buffer[]> {
  const [thisUpdate, nextUpdate] = [new Date(), new Date('2050-01-01T00:00:00Z')];
  const full = (Object.keys(CRL_REASONS) as CrlReason[]).map((reason) => ({
    serialNumber: randomSerialNumber(),
    revokedAt: thisUpdate,
    reason,
  }));
  const signer = new LocalSigner(issuer.privateKey, issuer.signingAlgorithm);
  return Promise.all(
    [[], full].map((entries) =>
      signRevocationList(
        { issuer: issuer.certificate, number: 300n, thisUpdate, nextUpdate, entries },
        signer,
        new AbortController().signal,
      ),
    ),
  );
}

function derOf(pem: string): Buffer {
  return Buffer.from(x509.PemConverter.decodeFirst(pem));
}
