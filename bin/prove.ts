/** Stands the example mesh up in the sandbox and proves on it who gets through and who does not. */
import { ACMPCAClient } from '@aws-sdk/client-acm-pca';
import type { TlsCredentials } from 'cdk-mtls-service-mesh/client';
import { Sandbox, TlsRequestError } from 'cdk-mtls-service-mesh/sandbox';
import { exampleApp } from './app';
import { clientTable } from './client-table';
import { copiedIdentity, expiredIdentity } from './impostors';
import { DeploymentProgress } from './progress';

const EVENTS = 'https://mesh.example.com/schedule/events';
const REFUSED = 'refused in the handshake';

/** A call, what must come of it, and how to make it. */
interface Call {
  readonly what: string;
  readonly expected: string;
  readonly make: () => Promise<string>;
}

function callsOf(sandbox: Sandbox): readonly Call[] {
  const create = async (caller: string, title: string) => {
    const response = await sandbox.fetch(caller, EVENTS, { method: 'POST', body: JSON.stringify({ title }) });
    const { createdBy } = (await response.json()) as { createdBy?: string };
    return `${response.status}, created by ${createdBy}`;
  };
  const list = async (caller: string | TlsCredentials | undefined) => {
    const response = await sandbox.fetch(caller, EVENTS);
    if (response.status !== 200) return `${response.status}`;
    const events = (await response.json()) as { title: string; createdBy: string }[];
    const lines = events.map(({ title, createdBy }) => `"${title}" by ${createdBy}`);
    return `200, ${lines.sort().join(', ')}`;
  };
  const mail = () => sandbox.clientSecret('mail');
  return [
    {
      what: 'mail creates an event in the schedule service',
      expected: '201, created by mail',
      make: () => create('mail', 'Newsletter'),
    },
    {
      what: 'social creates an event in the schedule service',
      expected: '201, created by social',
      make: () => create('social', 'Meetup'),
    },
    {
      what: 'the schedule names who created each',
      expected: '200, "Meetup" by social, "Newsletter" by mail',
      make: () => list('mail'),
    },
    {
      what: 'a caller without a certificate',
      expected: REFUSED,
      make: () => orRefusal(list(undefined)),
    },
    {
      what: 'a certificate of another authority that copies the names of mail',
      expected: REFUSED,
      make: async () => orRefusal(list(await copiedIdentity(await mail()))),
    },
    {
      what: 'an expired certificate of the right authority',
      expected: REFUSED,
      make: async () => orRefusal(list(await expiredIdentity(await mail(), authorityOf(sandbox), pcaOf(sandbox)))),
    },
  ];
}

async function orRefusal(outcome: Promise<string>): Promise<string> {
  try {
    return await outcome;
  } catch (error) {
    if (error instanceof TlsRequestError && (error.certificateRefused || error.connectionReset)) return REFUSED;
    throw error;
  }
}

function authorityOf(sandbox: Sandbox): string {
  const authority = Object.values(sandbox.resources).find(({ type }) => type === 'AWS::ACMPCA::CertificateAuthority');
  if (authority === undefined) throw new Error('the example has no certificate authority');
  return authority.physicalId;
}

function pcaOf(sandbox: Sandbox): ACMPCAClient {
  const { AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '', AWS_REGION } = sandbox.environment();
  const credentials = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY };
  return new ACMPCAClient({ endpoint: AWS_ENDPOINT_URL, region: AWS_REGION, credentials });
}

/** Whether the call came out as expected. */
async function show({ what, expected, make }: Call): Promise<boolean> {
  const outcome = await make().catch((error: unknown) => `failed: ${error}`);
  const holds = outcome === expected;
  console.log(`${holds ? '✔' : '✖'} ${what.padEnd(66)}${outcome}${holds ? '' : ` (expected: ${expected})`}`);
  return holds;
}

async function prove(): Promise<boolean> {
  const progress = new DeploymentProgress();
  const sandbox = await Sandbox.deploy(exampleApp(), { onEvent: progress.onEvent }).catch((error) => {
    progress.fail();
    throw error;
  });
  try {
    progress.succeed();
    const secrets = await Promise.all(sandbox.clients.map(({ name }) => sandbox.clientSecret(name)));
    console.log(`\n${clientTable(secrets)}\n`);
    let holds = true;
    for (const call of callsOf(sandbox)) holds = (await show(call)) && holds;
    return holds;
  } finally {
    await sandbox.close();
  }
}

prove().then(
  (holds) => {
    process.exitCode = holds ? 0 : 1;
  },
  (error) => {
    console.error(error);
    process.exitCode = 1;
  },
);
