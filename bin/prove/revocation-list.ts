import 'reflect-metadata';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { X509Certificate, X509Crl } from '@peculiar/x509';
import type { Sandbox } from 'cdk-mtls-service-mesh/sandbox';
import { REVOCATION_LISTS_KEY } from '../../mesh/kms-authority';
import { sandboxAccess } from '../shared/sandbox-access';
import type { Claim, Result } from './claim';

/**
 * What servers outside the gateway learn of a revocation, which read the lists of the mesh. They are read and verified with
 * `@peculiar/x509`, which is of others. None without an authority whose lists the mesh publishes.
 *
 * @param revoked the name of a client whose current certificate is revoked
 * @param other the name of a client whose certificate is not
 */
export function revocationListClaims(sandbox: Sandbox, revoked: string, other: string): readonly Claim[] {
  const bucket = Object.values(sandbox.resources).find(
    ({ type, constructPath }) => type === 'AWS::S3::Bucket' && constructPath?.includes('/RevocationLists/'),
  );
  if (bucket === undefined) return [];

  async function publishedLists(): Promise<readonly X509Crl[]> {
    // The event of the revocation publishes the lists in the background.
    await sandbox.advance(0);
    const object = new GetObjectCommand({ Bucket: bucket?.physicalId, Key: REVOCATION_LISTS_KEY });
    const { Body } = await new S3Client(sandboxAccess(sandbox)).send(object);
    const text = (await Body?.transformToString()) ?? '';
    return text.split(/(?<=-----END X509 CRL-----\n)/).map((block) => new X509Crl(block));
  }

  /** What a server says of the client's certificate that looks at the list of the authority that issued it. */
  async function verdict(lists: readonly X509Crl[], client: string): Promise<string> {
    const { certificate, certificateChain } = await sandbox.clientSecret(client);
    const issuer = new X509Certificate(certificateChain);
    for (const list of lists) {
      if (list.issuer !== issuer.subject || !(await list.verify({ publicKey: issuer }))) continue;
      return list.findRevoked(new X509Certificate(certificate)) ? 'revoked' : 'valid';
    }
    return 'no list of its authority';
  }

  async function listed(): Promise<Result> {
    const lists = await publishedLists();
    const verdicts = [`${revoked}: ${await verdict(lists, revoked)}`, `${other}: ${await verdict(lists, other)}`];
    return { outcome: verdicts.join('; '), detail: `${lists.length} lists, read and verified with @peculiar/x509` };
  }

  return [
    {
      what: 'the revocation lists that servers outside the gateway read',
      expected: `${revoked}: revoked; ${other}: valid`,
      check: listed,
    },
  ];
}
