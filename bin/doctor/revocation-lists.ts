import { isAwsError } from '../../aws/aws-error';
import { failureSentence } from '../../aws/failure';
import type { ClientSecret } from '../../mesh/client-secret';
import { subjectText } from '../../pki/certificate-fields';
import { readCertificates } from '../../pki/pem';
import { readRevocationLists } from '../../pki/revocation-list-reader';
import type { PublishedObject } from '../shared/client-files/published';
import { UnusableListsError, verifyRevocationLists } from '../shared/client-files/revocation-lists';
import { type Finding, notChecked, ok, wrong } from './finding';

const COMPARE_URL =
  'compare the URL with `mesh.revocationLists.url`; if it is the same, the mesh has not published any lists';

const REPUBLISH = 'find out why the mesh no longer publishes: look at the log of the function of RevocationLists';

/** Whether servers that use the published lists admit the client. */
export async function checkRevocationLists(
  published: Pick<PublishedObject, 'read'>,
  {
    certificateChain,
    serialNumber,
    clientName,
  }: Pick<ClientSecret, 'certificateChain' | 'serialNumber' | 'clientName'>,
  now: Date,
): Promise<Finding> {
  try {
    const { pem, nextUpdate, warnings } = verifyRevocationLists(await published.read(), {
      clientAuthorities: certificateChain,
      now,
    });
    const [warning] = warnings;
    if (warning !== undefined) return wrong('server', warning, REPUBLISH);
    const [issuer] = readCertificates(certificateChain);
    if (issuer === undefined) return notChecked('the client has no chain');
    const lists = readRevocationLists(pem).filter((list) => list.isOf(issuer));
    const entry = lists.flatMap(({ entries }) => entries).find((one) => one.serialNumber === serialNumber);
    if (entry === undefined) {
      return ok(`the revocation lists don't have the certificate, and are valid until ${nextUpdate.toISOString()}`);
    }
    const message = `the list of ${subjectText(issuer)} has the certificate: ${entry.reason}`;
    return wrong('refusal', message, `read the secret again; if it is the same: mtls-mesh rotate ${clientName}`);
  } catch (error) {
    if (error instanceof UnusableListsError) return wrong('server', error.message, REPUBLISH);
    if (isAwsError(error, 'NoSuchKey') || isAwsError(error, 'NoSuchBucket')) {
      return wrong('server', `there are no revocation lists: ${failureSentence(error)}`, COMPARE_URL);
    }
    return notChecked(`the revocation lists can't be read: ${failureSentence(error)}`);
  }
}
