import { KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { type App, RemovalPolicy, type Stack } from 'aws-cdk-lib';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import { CertificateAuthority } from '../../lib';
import { CERTIFICATE_AUTHORITY_RESOURCE_TYPE } from '../../mesh/kms-authority';
import { readCertificate } from '../../pki/pem';
import { type RevocationList, readRevocationLists } from '../../pki/revocation-list-reader';
import type { Signer } from '../../pki/signer';
import type { Sandbox } from '../../sandbox';
import { attackedMesh } from './attacked-mesh';
import { accessOf } from './calls';

export const ISSUER_NAME = { commonName: 'Example Issuer' };

/** A mesh with an issuing authority in KMS below a root in KMS. */
export function kmsMesh(): App {
  const certificateAuthority = (stack: Stack) =>
    CertificateAuthority.kmsSubordinate(stack, 'Authority', {
      subject: ISSUER_NAME,
      removalPolicy: RemovalPolicy.DESTROY,
    });
  return attackedMesh({ certificateAuthority });
}

/** One of the mesh's two authorities. */
export interface AttackedAuthority {
  readonly keyArn: string;
  /** Of the SSM parameter that keeps it. */
  readonly parameterName: string;
  /** As it was made, in PEM. */
  readonly certificate: string;
}

export function authorityOf(sandbox: Sandbox, which: 'issuing' | 'root'): AttackedAuthority {
  const found = Object.values(sandbox.resources).find(
    ({ type, constructPath }) =>
      type === CERTIFICATE_AUTHORITY_RESOURCE_TYPE && constructPath?.includes('/Root/') === (which === 'root'),
  );
  if (found === undefined) throw new Error(`there is no ${which} authority`);
  const { CertificateAuthorityArn, Certificate } = found.attributes;
  return {
    keyArn: String(CertificateAuthorityArn),
    parameterName: found.physicalId,
    certificate: String(Certificate),
  };
}

export async function readParameter(sandbox: Sandbox, name: string): Promise<string> {
  const { Parameter } = await new SSMClient(sandboxAccess(sandbox)).send(new GetParameterCommand({ Name: name }));
  return String(Parameter?.Value);
}

/** As somebody who may write parameters. */
export async function writeParameter(sandbox: Sandbox, name: string, value: string): Promise<void> {
  const put = new PutParameterCommand({ Name: name, Value: value, Overwrite: true, Tier: 'Intelligent-Tiering' });
  await new SSMClient(sandboxAccess(sandbox)).send(put);
}

/** The key of the issuing authority, used by somebody who has taken over the function that rotates. */
export function insider(sandbox: Sandbox): Signer {
  const { keyArn, certificate } = authorityOf(sandbox, 'issuing');
  const role = Object.values(sandbox.resources).find(({ constructPath }) =>
    constructPath?.endsWith('/Issuer/Rotation/Role/Resource'),
  );
  const kms = new KMSClient(accessOf(sandbox, String(role?.physicalId)));
  return {
    publicKey: readCertificate(certificate).publicKey,
    signingAlgorithm: 'SHA256WITHECDSA',
    sign: async (Message) => {
      const request = { KeyId: keyArn, Message, MessageType: 'DIGEST', SigningAlgorithm: 'ECDSA_SHA_256' } as const;
      const { Signature } = await kms.send(new SignCommand(request));
      return Buffer.from(Signature ?? []);
    },
  };
}

/** The published lists: that of the issuing authority, and that of its root. */
export async function publishedLists(sandbox: Sandbox): Promise<readonly RevocationList[]> {
  const bucket = Object.values(sandbox.resources).find(
    ({ type, constructPath }) => type === 'AWS::S3::Bucket' && constructPath?.includes('/RevocationLists/'),
  );
  const get = new GetObjectCommand({ Bucket: String(bucket?.physicalId), Key: 'crl.pem' });
  const { Body } = await new S3Client(sandboxAccess(sandbox)).send(get);
  return readRevocationLists(String(await Body?.transformToString()));
}
