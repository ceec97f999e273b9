import type { X509Certificate } from 'node:crypto';
import { CertificateAuthorityResource } from '../../../lambda/certificate-authority/certificate-authority-resource';
import { AuthorityStore } from '../../../lambda/kms-authority/authority-store';
import { AuthorityLists } from '../../../lambda/revocation-list-publisher/authority-list';
import type { ListingAuthority } from '../../../mesh/kms-authority';
import { authorityId, authorityParameterName } from '../../../mesh/names';
import { signRootCertificate, signSubordinateCertificate } from '../../../pki/certificate-signing';
import { encodePem, readCertificate, readCertificates } from '../../../pki/pem';
import { signRevocationList } from '../../../pki/revocation-list';
import { readRevocationList, readRevocationLists } from '../../../pki/revocation-list-reader';
import { MemoryKms } from '../kms-authority/memory-kms';
import { MemoryParameters } from '../kms-authority/memory-parameters';

const signal = new AbortController().signal;
const now = new Date('2026-11-28T12:00:00Z');
const validity = { notBefore: now, notAfter: new Date('2030-01-01T00:00:00Z') };
const ROOT_NAME = { commonName: 'Example Root' };
const ISSUER_NAME = { commonName: 'Example Issuer' };

let kms: MemoryKms;
let parameters: MemoryParameters;
let issuing: ListingAuthority;
/** What the parameter of the issuing authority has. */
let kept: { readonly certificateChain: string; readonly revocationLists: string; readonly order: string };

beforeEach(async () => {
  kms = new MemoryKms();
  parameters = new MemoryParameters();
  const issuerKeyArn = await kms.create();
  const certificateAuthorityArn = await kms.create();
  issuing = { certificateAuthorityArn, issuerKeyArn, signingAlgorithm: 'SHA256WITHECDSA', subject: ISSUER_NAME };
  await maker(
    { ...issuing, certificateAuthorityArn: issuerKeyArn, subject: ROOT_NAME, validityDays: 3650 },
    { ...issuing, validityDays: 1825 },
  );
  kept = JSON.parse(parameters.find(parameterName()) ?? '');
});

async function maker(
  ...orders: ConstructorParameters<typeof CertificateAuthorityResource>[0]['orders']
): Promise<void> {
  const resource = new CertificateAuthorityResource({
    orders,
    kms,
    acmPca: { certificateSigningRequest: async () => '' },
    store: new AuthorityStore(parameters),
    now: () => now,
    log: () => undefined,
  });
  await resource.makeAll('request', signal);
}

function parameterName(): string {
  return authorityParameterName(authorityId(issuing.certificateAuthorityArn));
}

async function publish(authority = issuing) {
  const lists = new AuthorityLists({
    validityHours: 24,
    revoked: { of: async () => [] },
    authorityStore: new AuthorityStore(parameters),
    kms,
    now: () => now,
  });
  return lists.make(await lists.read(authority, [], signal), 1n, undefined, signal);
}

test('the list of an authority is signed by its key, and stands before that of its root', async () => {
  const { der, pem } = await publish();
  const [certificate, root] = readCertificates(kept.certificateChain) as [X509Certificate, X509Certificate];
  readRevocationList(der).verify(certificate);
  expect(readRevocationLists(pem).map((list) => [list.isSignedBy(certificate), list.isSignedBy(root)])).toEqual([
    [true, false],
    [false, true],
  ]);
});

/** The certificate of the issuing authority's key that somebody makes who may write parameters, and can't use the keys. */
async function forgedChain(subject: { readonly commonName: string }): Promise<string> {
  const attacker = new MemoryKms();
  const signer = attacker.signer(await attacker.create());
  const root = await signRootCertificate({ subject: ROOT_NAME, ...validity }, signer, signal);
  const publicKey = await kms.publicKey(issuing.certificateAuthorityArn);
  const request = { subject, publicKey, issuer: readCertificate(root), pathLength: 0, ...validity };
  return (await signSubordinateCertificate(request, signer, signal)) + root;
}

const CERTIFICATE = /-----BEGIN[^-]+-----[^-]+-----END[^-]+-----\n/;

/** A certificate of the root's key with another name, by that key. */
function renamedRoot(): Promise<string> {
  const subject = { commonName: 'Name of before' };
  return signRootCertificate({ subject, ...validity }, kms.signer(issuing.issuerKeyArn), signal);
}

/** A list of the root by another key, with the name of the root. */
async function forgedList(): Promise<string> {
  const attacker = new MemoryKms();
  const signer = attacker.signer(await attacker.create());
  const root = await signRootCertificate({ subject: ROOT_NAME, ...validity }, signer, signal);
  const options = { issuer: readCertificate(root), number: 9n, entries: [] };
  const times = { thisUpdate: now, nextUpdate: validity.notAfter };
  return encodePem('X509 CRL', await signRevocationList({ ...options, ...times }, signer, signal));
}

describe('a parameter that somebody else has written stops the list of the authority', () => {
  test.each<[string, () => Promise<Partial<typeof kept>> | Partial<typeof kept>]>([
    ['its key with another name', async () => ({ certificateChain: await forgedChain({ commonName: 'Other' }) })],
    ['its key and name below another root', async () => ({ certificateChain: await forgedChain(ISSUER_NAME) })],
    [
      'its certificate without that of the root',
      () => ({ certificateChain: kept.certificateChain.split(/(?<=END CERTIFICATE-----\n)/)[0] ?? '' }),
    ],
    [
      'the certificate of its root',
      () => ({ certificateChain: kept.certificateChain.split(/(?<=END CERTIFICATE-----\n)/)[1] ?? '' }),
    ],
    [
      'another certificate of the key of its root',
      async () => ({ certificateChain: (kept.certificateChain.match(CERTIFICATE)?.[0] ?? '') + (await renamedRoot()) }),
    ],
    ['no list of the root', () => ({ revocationLists: '' })],
    ['something else in place of the list of the root', () => ({ revocationLists: 'no list' })],
    [
      'a block that is no list',
      () => ({ revocationLists: '-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n' }),
    ],
    ['the list of the root twice', () => ({ revocationLists: kept.revocationLists.repeat(2) })],
    ['a list of the root by another key', async () => ({ revocationLists: await forgedList() })],
  ])('with %s', async (_what, forge) => {
    parameters.set(parameterName(), JSON.stringify({ ...kept, ...(await forge()) }));
    const signatures = kms.signed.length;
    await expect(publish()).rejects.toThrow(
      `the SSM parameter of ${issuing.certificateAuthorityArn} holds the certificate or the lists of another authority: ` +
        'invoke the function that makes authorities with {}',
    );
    expect(kms.signed).toHaveLength(signatures);
  });

  test('with a certificate that the same keys have signed for another name', async () => {
    const renamed = { ...issuing, subject: { commonName: 'Name of before' } };
    // The maker gives a key another name only if nothing is left of the first.
    await parameters.delete(parameterName());
    await maker(
      { ...issuing, certificateAuthorityArn: issuing.issuerKeyArn, subject: ROOT_NAME, validityDays: 3650 },
      { ...renamed, validityDays: 1825 },
    );
    await expect(publish(renamed)).resolves.toBeDefined();
    await expect(publish()).rejects.toThrow('another authority');
  });
});
