import type { X509Certificate } from 'node:crypto';
import { GetObjectCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import { REVOCATION_LISTS_KEY, REVOCATION_LISTS_RESOURCE_TYPE, revocationListKey } from '../../mesh/kms-authority';
import { authorityId } from '../../mesh/names';
import { readCertificates } from '../../pki/pem';
import { type RevocationList, readRevocationList } from '../../pki/revocation-list-reader';
import type { ClientSecret, Sandbox } from '../../sandbox';
import { assertHolds } from './cell';

/** Versions of an object that are looked at: more than there are in a cell. */
const VERSIONS = 12;

/**
 * Asserts what must hold of the lists of a mesh's only authority: their numbers rise, each names what an earlier one has named,
 * and the newest one is valid, is the same in PEM and DER, and names the revoked certificates. No certificate expires meanwhile.
 */
export async function assertListed(sandbox: Sandbox, revoked: readonly ClientSecret[]): Promise<void> {
  const resource = Object.values(sandbox.resources).find(({ type }) => type === REVOCATION_LISTS_RESOURCE_TYPE);
  const { BucketName, CertificateAuthorities } = resource?.properties ?? {};
  const derKey = revocationListKey(authorityId(String(CertificateAuthorities)));
  const [pem, der] = await Promise.all(
    [REVOCATION_LISTS_KEY, derKey].map((key) => listsIn(sandbox, String(BucketName), key)),
  );
  for (const lists of [pem, der]) {
    for (const [index, list] of (lists ?? []).entries()) assertFollows(lists?.[index - 1], list);
  }
  const [newest, newestInDer] = [pem?.at(-1), der?.at(-1)];
  if (newest === undefined || newestInDer === undefined) return assertHolds(false, 'the lists are published');
  const isSame = Buffer.compare(newest.raw, newestInDer.raw) === 0;
  assertHolds(isSame, `the list in DER is that in PEM, got ${newestInDer.number} and ${newest.number}`);
  assertHolds(newest.nextUpdate > sandbox.now, 'the newest list is valid');
  for (const { clientName, serialNumber, certificateChain } of revoked) {
    newest.verify(readCertificates(certificateChain)[0] as X509Certificate);
    assertHolds(namesIn(newest).includes(serialNumber), `the revoked certificate of ${clientName} is listed`);
  }
}

function assertFollows(before: RevocationList | undefined, list: RevocationList): void {
  if (before === undefined) return;
  assertHolds(before.number < list.number, `numbers rise, got ${before.number} and then ${list.number}`);
  const lost = namesIn(before).filter((serialNumber) => !namesIn(list).includes(serialNumber));
  assertHolds(lost.length === 0, `list ${list.number} names what list ${before.number} named, got none of ${lost}`);
}

function namesIn({ entries }: RevocationList): readonly string[] {
  return entries.map(({ serialNumber }) => serialNumber);
}

/** The last lists in an object, the oldest first. */
async function listsIn(sandbox: Sandbox, Bucket: string, Key: string): Promise<readonly RevocationList[]> {
  const s3 = new S3Client(sandboxAccess(sandbox));
  const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: Key, MaxKeys: VERSIONS }));
  const lists = Versions.map(async ({ VersionId }) => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, VersionId }));
    const content = Buffer.from((await Body?.transformToByteArray()) ?? []);
    return readRevocationList(Key.endsWith('.crl') ? content : String(content));
  });
  return (await Promise.all(lists)).reverse();
}
