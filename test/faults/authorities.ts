import { X509Certificate } from 'node:crypto';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import { RemovalPolicy } from 'aws-cdk-lib';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import { MeshRegistry, RevocationLists, Truststore } from '../../lib';
import { TRUSTSTORE_RESOURCE_TYPE } from '../../mesh/custom-resources';
import { CERTIFICATE_AUTHORITY_RESOURCE_TYPE } from '../../mesh/kms-authority';
import { authorityParameterName } from '../../mesh/names';
import { readCertificates } from '../../pki/pem';
import { DeploymentError, type Sandbox } from '../../sandbox';
import { assertHolds } from './cell';
import { assemblyOf, type KmsAuthority, kmsAuthority, TRUST_DOMAIN } from './mesh';

/** The part of a mesh that has to do with an authority in KMS: it has no gateway and no clients, so that it is deployed fast. */
export function authorityAssembly(authority: KmsAuthority): string {
  return assemblyOf(authority, (stack) => {
    const removalPolicy = RemovalPolicy.DESTROY;
    const registry = new MeshRegistry(stack, 'Registry', { trustDomain: TRUST_DOMAIN, removalPolicy });
    const certificateAuthorities = [kmsAuthority(stack, authority)];
    new Truststore(stack, 'Truststore', { registry, certificateAuthorities, removalPolicy });
    if (certificateAuthorities.every(({ issuesRevocationLists }) => issuesRevocationLists)) {
      new RevocationLists(stack, 'RevocationLists', { registry, certificateAuthorities, removalPolicy });
    }
  });
}

/**
 * Asserts that each authority has one certificate: the same in CloudFormation, in its parameter, in the parameters of the
 * authorities below, and in the truststore.
 */
export async function assertOneCertificateEach(sandbox: Sandbox): Promise<void> {
  const kept = await keptChains(sandbox);
  const made = ofType(sandbox, CERTIFICATE_AUTHORITY_RESOURCE_TYPE);
  assertHolds(made.length > 0 && kept.size === made.length, 'each authority has a parameter');
  for (const { physicalId, attributes } of made) {
    const isSame =
      fingerprint(kept.get(physicalId)?.[0]) === fingerprint(new X509Certificate(String(attributes.Certificate)));
    assertHolds(isSame, `${physicalId} keeps the certificate that CloudFormation knows`);
  }
  const chains = [...kept.values()].flat();
  const known = new Set(chains.map(fingerprint));
  const keys = new Set(chains.map(({ publicKey }) => String(publicKey.export({ format: 'pem', type: 'spki' }))));
  assertHolds(known.size === keys.size, `there is one certificate for each key, got ${known.size} for ${keys.size}`);
  const trusted = new Set((await trustedAuthorities(sandbox)).map(fingerprint));
  const isSame = [...known].every((one) => trusted.has(one)) && trusted.size === known.size;
  assertHolds(isSame, 'the truststore has the certificates that are kept, and no others');
}

/** Asserts that the issuing authority's certificate verifies the secrets of all clients. */
export async function assertIssued(sandbox: Sandbox): Promise<void> {
  const authorities = [...(await keptChains(sandbox)).values()].flat();
  for (const { name } of sandbox.clients) {
    const certificate = new X509Certificate((await sandbox.clientSecret(name)).certificate);
    const isIssued = authorities.some(
      (issuer) => certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey),
    );
    assertHolds(isIssued, `the certificate of ${name} is one of an authority that is kept`);
  }
}

/** Asserts that a deployment failed with one sentence that names the cause, and not how the program got there. */
export function assertExplained(error: unknown): asserts error is DeploymentError {
  assertHolds(error instanceof DeploymentError, `the deployment fails with a DeploymentError, got ${error}`);
  const { reason } = (error as DeploymentError).failure;
  assertHolds(/^[^\n]{20,400}$/.test(reason) && !/^\s+at /m.test(reason), `one sentence explains it, got ${reason}`);
}

/** Asserts that no certificate of an authority is kept. */
export async function assertNoneKept(sandbox: Sandbox): Promise<void> {
  const kept = [...(await keptChains(sandbox)).keys()];
  assertHolds(kept.length === 0, `no authority is left, got ${kept}`);
}

/** The certificates of each authority and those above it, PEM, in the order of their parameters. */
export async function keptCertificates(sandbox: Sandbox): Promise<readonly string[]> {
  return [...(await keptChains(sandbox))].sort().flatMap(([, chain]) => chain.map(String));
}

/** The certificates of each authority and those above it, by the name of its parameter. */
async function keptChains(sandbox: Sandbox): Promise<ReadonlyMap<string, readonly X509Certificate[]>> {
  const ssm = new SSMClient(sandboxAccess(sandbox));
  const { Parameters = [] } = await ssm.send(
    new GetParametersByPathCommand({ Path: authorityParameterName('').slice(0, -1) }),
  );
  return new Map(
    Parameters.map(({ Name, Value }) => [String(Name), readCertificates(JSON.parse(String(Value)).certificateChain)]),
  );
}

async function trustedAuthorities(sandbox: Sandbox): Promise<readonly X509Certificate[]> {
  const [truststore] = ofType(sandbox, TRUSTSTORE_RESOURCE_TYPE);
  const { BucketName, ObjectKey } = truststore?.properties ?? {};
  const s3 = new S3Client(sandboxAccess(sandbox));
  const version = {
    Bucket: String(BucketName),
    Key: String(ObjectKey),
    VersionId: String(truststore?.attributes.VersionId),
  };
  const { Body } = await s3.send(new GetObjectCommand(version));
  return readCertificates(String(await Body?.transformToString()));
}

function ofType(sandbox: Sandbox, type: string) {
  return Object.values(sandbox.resources).filter((resource) => resource.type === type);
}

function fingerprint(certificate: X509Certificate | undefined): string | undefined {
  return certificate?.fingerprint256;
}
