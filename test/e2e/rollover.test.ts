import { type ClientSecret, Sandbox, type StackEvent, type TlsCredentials, TlsRequestError } from '../../sandbox';
import { type ClientTraffic, holders, meshClients, newcomers } from './client-traffic';
import {
  assemblyOf,
  CLIENTS,
  certificateFrom,
  firstAuthorityArn,
  issuerOf,
  issuers,
  removeAssemblies,
  SERVICE_URL,
  SUCCESSOR,
  truststoreSize,
} from './rollover-mesh';

const DAY = 86_400_000;

/** Certificates of the default authority live for a week. */
const VALIDITY = 7 * DAY;

const events: StackEvent[] = [];
const started: ClientTraffic[] = [];
let watch: (event: StackEvent) => void;
let sandbox: Sandbox;

beforeEach(async () => {
  events.length = 0;
  watch = (event) => events.push(event);
  sandbox = await Sandbox.deploy(assemblyOf('before'), { onEvent: (event) => watch(event) });
  // New rotation schedules are tried in the background.
  await sandbox.advance(0);
});
afterEach(async () => {
  try {
    await Promise.all(started.splice(0).map((traffic) => traffic.stop()));
  } finally {
    await sandbox.close();
  }
});
afterAll(removeAssemblies);

const secrets = () => Promise.all(CLIENTS.map((name) => sandbox.clientSecret(name)));
const fromSuccessor = Object.fromEntries(CLIENTS.map((name) => [name, expect.stringContaining(SUCCESSOR)]));
const fromFirst = Object.fromEntries(CLIENTS.map((name) => [name, expect.not.stringContaining(SUCCESSOR)]));

function start(traffic: ClientTraffic): ClientTraffic {
  started.push(traffic);
  return traffic;
}

/**
 * What somebody is answered, with a certificate of the successor that the registry doesn't know, when the mesh begins to
 * issue from it: no status when the gateway does not trust the successor yet, and 403 when it does.
 */
function answerToSuccessor(): Promise<number> {
  let stranger: Promise<TlsCredentials> | undefined;
  return new Promise((resolve, reject) => {
    watch = ({ resourceType, status, physicalId = '' }) => {
      if (resourceType === 'AWS::ACMPCA::CertificateAuthorityActivation' && status === 'CREATE_COMPLETE') {
        stranger = certificateFrom(sandbox, physicalId);
      }
      if (resourceType === 'Custom::MtlsClientCertificate' && status === 'UPDATE_IN_PROGRESS') {
        stranger
          ?.then((credentials) => sandbox.fetch(credentials, SERVICE_URL))
          .then((got) => resolve(got.status), reject);
      }
    };
  });
}

test('an authority takes over and the one before it leaves, and nobody is refused on the way', async () => {
  const before = await secrets();
  const following = start(meshClients(sandbox, CLIENTS, SERVICE_URL));
  const fresh = start(newcomers(sandbox, CLIENTS, SERVICE_URL));
  const holding = start(holders(sandbox, before, SERVICE_URL));

  const first = firstAuthorityArn(sandbox);
  const answer = answerToSuccessor();
  await sandbox.update(assemblyOf('during'));

  expect(await issuers(sandbox)).toEqual(fromSuccessor);
  expect(await truststoreSize(sandbox)).toBe(2);
  await expect(answer).resolves.toBe(403);
  await following.goesOn(10);

  await expect(sandbox.update(assemblyOf('after'))).rejects.toThrow(
    `certificate authority ${first} can't be removed from the truststore while calendar, mail and social may use its certificates`,
  );

  expect(await issuers(sandbox)).toEqual(fromSuccessor);
  expect(await truststoreSize(sandbox)).toBe(2);
  await holding.goesOn(5);
  // What knows no clock but this machine's, and a certificate that expires, can't come along.
  expect(Object.keys(await following.stop())).toEqual(['200']);
  expect(Object.keys(await holding.stop())).toEqual(['200']);
  await sandbox.advance(VALIDITY);
  const stranger = await certificateFrom(sandbox, first);
  expect((await sandbox.fetch(stranger, SERVICE_URL)).status).toBe(403);

  await sandbox.update(assemblyOf('after'));

  expect(await truststoreSize(sandbox)).toBe(1);
  await sandbox.advance(0);
  await expect(sandbox.fetch(stranger, SERVICE_URL)).rejects.toThrow(TlsRequestError);
  expect(await issuers(sandbox)).toEqual(fromSuccessor);
  await fresh.goesOn(10);
  expect(Object.keys(await fresh.stop())).toEqual(['200']);
});

test('a rollover that fails halfway is rolled back, and can be tried again, without a refused request', async () => {
  const first = firstAuthorityArn(sandbox);
  const following = start(meshClients(sandbox, CLIENTS, SERVICE_URL));
  const fresh = start(newcomers(sandbox, CLIENTS, SERVICE_URL));
  const fault = sandbox.inject({
    service: 'acm-pca',
    operation: 'IssueCertificate',
    fault: 'failed-before',
    match: ({ input }) => input['CertificateAuthorityArn'] !== first && JSON.stringify(input).includes('/social"'),
  });

  const passing = [
    sandbox.inject({ service: 'apigateway', operation: 'GetDomainName', fault: 'throttled', times: 2 }),
    sandbox.inject({ service: 'cloudformation', operation: 'DescribeStacks', fault: 'failed-before', times: 2 }),
  ];

  const failing = sandbox.update(assemblyOf('during'));
  const early = await Promise.race([secretOfSuccessor('mail'), failing.then(neverReached)]);
  const holding = start(holders(sandbox, [early], SERVICE_URL));

  await expect(failing).rejects.toThrow(/Client-social\/Certificate/);

  expect(fault.applied).toBeGreaterThan(0);
  expect(passing.map(({ applied }) => applied)).toEqual([2, 2]);
  expect(events.at(-1)).toMatchObject({ status: 'UPDATE_ROLLBACK_COMPLETE' });
  expect(await issuers(sandbox)).toEqual(fromFirst);
  await sandbox.advance(0);
  await holding.goesOn(5);
  expect(Object.keys(await holding.stop())).toEqual(['200']);

  fault.remove();
  await sandbox.update(assemblyOf('during'));

  expect(await issuers(sandbox)).toEqual(fromSuccessor);
  await fresh.goesOn(10);
  expect(Object.keys(await following.stop())).toEqual(['200']);
  expect(Object.keys(await fresh.stop())).toEqual(['200']);
});

function neverReached(): never {
  throw new Error('the rollover must fail');
}

/** What the client holds as soon as it is of the authority that takes over. */
async function secretOfSuccessor(name: string): Promise<ClientSecret> {
  for (;;) {
    const secret = await sandbox.clientSecret(name);
    if (issuerOf(secret).includes(SUCCESSOR)) return secret;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
