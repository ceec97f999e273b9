import { readFileSync } from 'node:fs';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { isAwsError } from '../../aws/aws-error';
import { failureSentence } from '../../aws/failure';
import type { S3Object } from '../../aws/s3';
import { withEnvironment } from '../../client/environment';
import { type Destination, serverNameOf } from '../../client/tls-request';
import type { ClientSecret } from '../../mesh/client-secret';
import { secretName } from '../../mesh/names';
import { readCertificates } from '../../pki/pem';
import { SDK_SETTINGS } from '../shared/aws-access';
import { awsMesh } from '../shared/aws-mesh';
import { readSecretIn } from '../shared/client-files/held';
import { PublishedObject } from '../shared/client-files/published';
import { readClientSecret } from '../shared/client-secret';
import { UsageError } from '../shared/exit-codes';
import type { OperatedMesh } from '../shared/mesh';
import { colors } from '../shared/terminal';
import { call, checkAnswer, checkClock } from './answer';
import { FAULTS, type Finding, notChecked, ok, wrong } from './finding';
import { type Greeting, greet } from './greeting';
import { checkGrants, checkRegistry, checkTruststore } from './mesh-state';
import { checkName, checkPort } from './network';
import { checkOwnCertificate } from './own-certificate';
import { checkRevocationLists } from './revocation-lists';
import { checkRequest, checkServerCertificate, checkVersion, handshakeFailure } from './server';

export interface DoctorOptions {
  /** The client's name. */
  readonly client: string;
  /** The mesh's trust domain. */
  readonly mesh?: string;
  /** Name or ARN. @default - the name that the mesh gives to the client's secret */
  readonly secret?: string;
  /** A directory that `fetch`, `request`, or `agent` has written. @default - the secret */
  readonly files?: string;
  /** The object with the revocation lists that the server uses. @default - they are not checked */
  readonly crl?: S3Object;
  readonly connectTo?: Destination;
  /** A PEM file. */
  readonly ca?: string;
  readonly json?: true;
}

/** A step of an examination, as `--json` prints it. */
interface Step {
  readonly step: string;
  readonly result: Finding['result'];
  readonly message: string;
  readonly remedy?: string;
}

/** Finds the first thing that keeps a client from calling a URL. Sets the exit code to the kind of the fault. */
export async function runDoctor(url: URL, options: DoctorOptions): Promise<void> {
  const steps: Step[] = [];
  for await (const [step, finding] of examine(url, options)) {
    const { result, message } = finding;
    const remedy = finding.result === 'wrong' ? { remedy: finding.remedy } : {};
    steps.push({ step, result, message, ...remedy });
    if (!options.json) console.log(line(finding));
    if (finding.result !== 'wrong') continue;
    process.exitCode = FAULTS[finding.fault];
    break;
  }
  if (options.json) console.log(JSON.stringify({ url: url.href, client: options.client, steps }));
}

const MARKS = { ok: colors.green('✔'), 'not-checked': colors.yellow('–'), wrong: colors.red('✖') };

function line(finding: Finding): string {
  const { result, message } = finding;
  const first = `${MARKS[result]} ${message}`;
  return finding.result === 'wrong' ? `${first}\n  ${finding.remedy}` : first;
}

/** The findings in order. Those after a wrong one mean nothing. */
async function* examine(url: URL, options: DoctorOptions): AsyncGenerator<readonly [string, Finding]> {
  const { connectTo, certificateAuthorities } = withEnvironment({
    ...(options.connectTo && { connectTo: options.connectTo }),
    ...(options.ca && { certificateAuthorities: readFileSync(options.ca, 'utf8') }),
  });
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const destination = connectTo ?? { host, port: Number(url.port || 443) };

  yield ['name', await checkName(destination)];
  yield ['port', await checkPort(destination)];

  let greeting: Greeting;
  try {
    greeting = await greet({ destination, serverName: serverNameOf(host), certificateAuthorities });
  } catch (error) {
    yield ['handshake', handshakeFailure(error as Error, host)];
    return;
  }
  const now = new Date();
  yield ['tls-version', checkVersion(greeting)];
  yield ['server-certificate', checkServerCertificate(greeting, host, now)];

  const mesh = options.mesh === undefined ? undefined : awsMesh(options.mesh);
  let secret: ClientSecret;
  try {
    secret = await secretOf(options);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const isDenied = mesh && isAwsError(error, 'AccessDeniedException');
    const known = isDenied ? await examineAsOperator(mesh, url, options) : undefined;
    if (known) {
      yield* known;
      return;
    }
    const remedy = 'check --client, --mesh, and the credentials, or use --files';
    yield ['client-certificate', wrong('client-certificate', failureSentence(error), remedy)];
    return;
  }
  yield ['client-certificate', checkOwnCertificate(secret, now)];
  yield ['certificate-request', checkRequest(greeting, readCertificates(secret.certificateChain))];

  yield [
    'registry',
    mesh ? await checkRegistry(mesh, secret.clientName, secret) : notChecked('the registry needs --mesh'),
  ];
  yield ['grants', mesh ? await checkGrants(mesh, secret.clientName, url) : notChecked('the grants need --mesh')];
  yield ['truststore', await checkTruststore(host, secret)];
  if (options.crl) {
    yield ['revocation-lists', await checkRevocationLists(new PublishedObject(options.crl), secret, now)];
  }

  const answer = await call(url, { credentials: secret, certificateAuthorities, connectTo });
  if ('result' in answer) {
    yield ['handshake', answer];
    return;
  }
  yield ['handshake', ok('the server accepts the certificate in the handshake')];
  const clock = checkClock(answer, now);
  if (clock) yield ['clock', clock];
  yield ['answer', checkAnswer(answer, secret.clientName)];
}

/**
 * What the registry says of a client, for operators, who may not read its secret. Undefined if it says nothing: credentials that
 * may not read it either are those of a client that lacks a permission.
 */
async function examineAsOperator(
  mesh: OperatedMesh,
  url: URL,
  { client: clientName, crl }: DoctorOptions,
): Promise<readonly (readonly [string, Finding])[] | undefined> {
  const [registry, grants] = [await checkRegistry(mesh, clientName), await checkGrants(mesh, clientName, url)];
  if (registry.result === 'not-checked' && grants.result === 'not-checked') return undefined;
  const noCertificate = 'this check needs the certificate of the client';
  const noKey = 'the call needs the key of the client: run this where the client runs, or use --files';
  return [
    ['client-certificate', notChecked(`these credentials may not read the secret of ${clientName}`)],
    ['registry', registry],
    ['grants', grants],
    ['truststore', notChecked(noCertificate)],
    ...(crl ? [['revocation-lists', notChecked(noCertificate)] as const] : []),
    ['answer', notChecked(noKey)],
  ];
}

/** @throws UsageError, and what reading the secret throws */
async function secretOf({ client, files, secret, mesh }: DoctorOptions): Promise<ClientSecret> {
  if (files !== undefined) return readSecretIn(files, client);
  if (secret === undefined && mesh === undefined) {
    throw new UsageError('the secret is not known: use --mesh, --secret, or --files, or set MTLS_MESH');
  }
  return readClientSecret(new SecretsManagerClient(SDK_SETTINGS), secret ?? secretName(mesh ?? '', client), client);
}
