import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ACMPCAClient, GetCertificateCommand, IssueCertificateCommand } from '@aws-sdk/client-acm-pca';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { App, aws_lambda as lambda, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import { CertificateAuthority, MeshIntegration } from '../../lib';
import { createCertificateSigningRequest } from '../../pki/certificate-signing-request';
import { generatePrivateKey, privateKeyPem } from '../../pki/keys';
import type { Sandbox, TlsCredentials } from '../../sandbox';
import { exampleMesh } from '../example-mesh';

const DOMAIN = 'mesh.example.com';
export const SERVICE_URL = `https://${DOMAIN}/schedule/events`;
export const CLIENTS = ['calendar', 'mail', 'social'];

/** Part of the common name of the authority that takes over. */
export const SUCCESSOR = 'Authority2027';

/** `before` the rollover, with both authorities `during` it, and `after` it with the successor alone. */
export type Phase = 'before' | 'during' | 'after';

/** Instead of three minutes, so that a certificate that can't be issued fails a deployment soon. Seconds. */
const ISSUER_TIMEOUT = 24;

const directory = mkdtempSync(join(tmpdir(), 'rollover-'));
const assemblies = new Map<Phase, string>();

/** The directory of the synthesized mesh: a service, three clients, and at first the default authority. */
export function assemblyOf(phase: Phase): string {
  const known = assemblies.get(phase);
  if (known !== undefined) return known;
  const app = new App({ outdir: join(directory, phase) });
  const stack = new Stack(app, 'RolloverMesh');
  const successors =
    phase === 'before'
      ? []
      : [CertificateAuthority.shortLivedRoot(stack, SUCCESSOR, { removalPolicy: RemovalPolicy.DESTROY })];
  const mesh = exampleMesh(
    stack,
    phase === 'after' ? { certificateAuthority: successors[0] } : { certificateAuthoritySuccessors: successors },
  );
  const schedule = new lambda.Function(stack, 'Schedule', {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: lambda.Code.fromInline('exports.handler = async () => ({ statusCode: 200 });'),
  });
  mesh.addService('schedule', { integration: MeshIntegration.lambdaFunction(schedule) }).allowAllClients();
  for (const name of CLIENTS) mesh.addClient(name);
  for (const id of ['Deployment', 'Rotation']) {
    const path = `Issuer/${id}/Function/Resource`;
    const issuing = stack.node.findAll().find(({ node }) => node.path.endsWith(path));
    (issuing as lambda.CfnFunction).timeout = ISSUER_TIMEOUT;
  }
  const assembly = app.synth().directory;
  assemblies.set(phase, assembly);
  return assembly;
}

export function removeAssemblies(): void {
  rmSync(directory, { recursive: true });
}

/** The distinguished name of who issued each client's current certificate, by client. */
export async function issuers(sandbox: Sandbox): Promise<Readonly<Record<string, string>>> {
  const entries = CLIENTS.map(async (name) => [name, issuerOf(await sandbox.clientSecret(name))] as const);
  return Object.fromEntries(await Promise.all(entries));
}

export function issuerOf({ certificate }: { readonly certificate: string }): string {
  return new X509Certificate(certificate).issuer;
}

/** Of the authority that the mesh began with. */
export function firstAuthorityArn({ resources }: Sandbox): string {
  const found = Object.values(resources).find(
    ({ type, constructPath }) =>
      type === 'AWS::ACMPCA::CertificateAuthority' && constructPath?.includes('/Mesh/CertificateAuthority/'),
  );
  if (found === undefined) throw new Error('the mesh has not got its first authority');
  return found.physicalId;
}

/** A certificate fresh from the authority, past issuer and registry. */
export async function certificateFrom(sandbox: Sandbox, authorityArn: string): Promise<TlsCredentials> {
  const authority = new ACMPCAClient(sandboxAccess(sandbox));
  const key = await generatePrivateKey('EC_prime256v1');
  const { CertificateArn } = await authority.send(
    new IssueCertificateCommand({
      CertificateAuthorityArn: authorityArn,
      TemplateArn: 'arn:aws:acm-pca:::template/EndEntityClientAuthCertificate/V1',
      Csr: Buffer.from(createCertificateSigningRequest(key, 'mail')),
      SigningAlgorithm: 'SHA256WITHECDSA',
      Validity: { Type: 'DAYS', Value: 1 },
    }),
  );
  for (;;) {
    try {
      const command = new GetCertificateCommand({ CertificateAuthorityArn: authorityArn, CertificateArn });
      const { Certificate: certificate = '', CertificateChain: certificateChain = '' } = await authority.send(command);
      return { certificate, certificateChain, privateKey: privateKeyPem(key) };
    } catch (error) {
      if (!(error instanceof Error && error.name === 'RequestInProgressException')) throw error;
    }
  }
}

/** The number of authorities that the gateway trusts. Servers outside the gateway are told of the same ones. */
export async function truststoreSize(sandbox: Sandbox): Promise<number> {
  const sizes = await Promise.all(['truststore.pem', 'client-ca.pem'].map((key) => authoritiesIn(sandbox, key)));
  expect(sizes[1]).toBe(sizes[0]);
  return sizes[0] ?? 0;
}

async function authoritiesIn(sandbox: Sandbox, key: string): Promise<number> {
  const bucket = Object.values(sandbox.resources).find(({ type }) => type === 'AWS::S3::Bucket');
  const command = new GetObjectCommand({ Bucket: bucket?.physicalId, Key: key });
  const { Body } = await new S3Client(sandboxAccess(sandbox)).send(command);
  return ((await Body?.transformToString()) ?? '').split('BEGIN CERTIFICATE').length - 1;
}
