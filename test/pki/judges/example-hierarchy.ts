import { createPublicKey, X509Certificate } from 'node:crypto';
import {
  signClientCertificate,
  signRootCertificate,
  signSubordinateCertificate,
} from '../../../pki/certificate-signing';
import { generatePrivateKey, type KeyAlgorithm } from '../../../pki/keys';
import { encodePem } from '../../../pki/pem';
import { CRL_REASONS, type CrlReason, signRevocationList } from '../../../pki/revocation-list';
import { days, validFor } from '../authorities';
import { createSigner, type LocalSigner } from '../local-signer';

const { signal } = new AbortController();

/** All in PEM. Subordinate and client name the addresses of lists. */
export interface ExampleHierarchy {
  readonly root: string;
  readonly subordinate: string;
  readonly client: string;
  /** Of the root, empty. */
  readonly rootList: string;
  /** Of the subordinate: an entry for every reason, but none for the client. */
  readonly list: string;
  /** Of the subordinate: the client alone. */
  readonly revokingList: string;
}

export async function createHierarchy(keyAlgorithm: KeyAlgorithm): Promise<ExampleHierarchy> {
  const [rootSigner, signer] = [await createSigner(keyAlgorithm), await createSigner(keyAlgorithm)];
  const subject = { commonName: 'Root', organization: 'Größe & Co.', country: 'DE' };
  // Until after 2049, so that a certificate has a GeneralizedTime.
  const root = await signRootCertificate({ subject, pathLength: 1, ...validFor(36_500) }, rootSigner, signal);
  const subordinate = await signSubordinateCertificate(
    {
      issuer: new X509Certificate(root),
      subject: { commonName: 'Issuing', organization: 'Größe & Co.' },
      publicKey: signer.publicKey,
      pathLength: 0,
      crlAddress: 'http://crl.example.com/root.crl',
      ...validFor(3650),
    },
    rootSigner,
    signal,
  );
  const client = await signClientCertificate(
    {
      issuer: new X509Certificate(subordinate),
      commonName: 'mail',
      spiffeId: 'spiffe://example.com/mail',
      dnsNames: ['mail.example.com'],
      publicKey: createPublicKey(await generatePrivateKey(keyAlgorithm)),
      crlAddress: 'http://crl.example.com/issuing.crl',
      ...validFor(7),
    },
    signer,
    signal,
  );
  const { serialNumber } = new X509Certificate(client);
  const entries = (Object.keys(CRL_REASONS) as CrlReason[]).map((reason, index) => ({
    serialNumber: `${index + 1}`,
    reason,
  }));
  return {
    root,
    subordinate,
    client,
    rootList: await signList(root, rootSigner, []),
    list: await signList(subordinate, signer, entries),
    revokingList: await signList(subordinate, signer, [{ serialNumber, reason: 'KEY_COMPROMISE' }]),
  };
}

async function signList(
  issuer: string,
  signer: LocalSigner,
  entries: readonly { readonly serialNumber: string; readonly reason: CrlReason }[],
): Promise<string> {
  const revokedAt = new Date(Date.now() - 60_000);
  const list = await signRevocationList(
    {
      issuer: new X509Certificate(issuer),
      number: 300n,
      thisUpdate: revokedAt,
      nextUpdate: new Date(Date.now() + days(7)),
      entries: entries.map((entry) => ({ ...entry, revokedAt })),
    },
    signer,
    signal,
  );
  return encodePem('X509 CRL', list);
}
