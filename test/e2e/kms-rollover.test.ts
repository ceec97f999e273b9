import { X509Certificate } from 'node:crypto';
import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CertificateAuthority } from '../../lib';
import { Sandbox } from '../../sandbox';
import { addScheduleService, exampleMesh } from '../example-mesh';
import { type ClientTraffic, holders, meshClients, newcomers } from './client-traffic';

const SERVICE_URL = 'https://mesh.example.com/schedule/events';
const CLIENTS = ['mail', 'social'];
const WEEK = 7 * 86_400_000;

const FACTORIES = {
  'ACM PCA 2026': CertificateAuthority.shortLivedRoot,
  'KMS 2027': CertificateAuthority.kmsSubordinate,
  'ACM PCA 2028': CertificateAuthority.shortLivedSubordinateOfKmsRoot,
} as const;
type Name = keyof typeof FACTORIES;

/** The directory of a mesh with the authorities of these names, the last of which issues. */
function assemblyOf(...names: readonly [Name, ...Name[]]): string {
  const app = new App();
  const stack = new Stack(app, 'RolloverMesh');
  const [first, ...successors] = names.map((commonName) =>
    FACTORIES[commonName](stack, commonName.replaceAll(' ', ''), {
      subject: { commonName },
      removalPolicy: RemovalPolicy.DESTROY,
    }),
  );
  const mesh = exampleMesh(stack, {
    ...(first && { certificateAuthority: first }),
    certificateAuthoritySuccessors: successors,
  });
  addScheduleService(stack, mesh);
  for (const name of CLIENTS) mesh.addClient(name);
  return app.synth().directory;
}

let sandbox: Sandbox;
const started: ClientTraffic[] = [];

beforeEach(async () => {
  sandbox = await Sandbox.deploy(assemblyOf('ACM PCA 2026'));
  // New rotation schedules are tried in the background.
  await sandbox.advance(0);
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((traffic) => traffic.stop()));
  await sandbox.close();
});

function start(traffic: ClientTraffic): ClientTraffic {
  started.push(traffic);
  return traffic;
}

async function issuers(): Promise<readonly string[]> {
  const secrets = await Promise.all(CLIENTS.map((name) => sandbox.clientSecret(name)));
  return [...new Set(secrets.map(({ certificate }) => new X509Certificate(certificate).issuer))];
}

const typesOf = (text: string) => Object.values(sandbox.resources).filter(({ type }) => type.includes(text)).length;

test('keys move from ACM PCA to KMS and back, and nobody is refused on the way', async () => {
  const fresh = start(newcomers(sandbox, CLIENTS, SERVICE_URL));
  const secrets = await Promise.all(CLIENTS.map((name) => sandbox.clientSecret(name)));
  // What knows no clock but this machine's, and a certificate that expires, can't come along further than to the first change.
  const following = start(meshClients(sandbox, CLIENTS, SERVICE_URL));
  const holding = start(holders(sandbox, secrets, SERVICE_URL));
  const first = async () => {
    await following.goesOn(10);
    await holding.goesOn(5);
    return [await following.stop(), await holding.stop()].map((outcomes) => Object.keys(outcomes));
  };

  await moveFrom('ACM PCA 2026', 'KMS 2027', async () => expect(await first()).toEqual([['200'], ['200']]));
  await moveFrom('KMS 2027', 'ACM PCA 2028');
  await fresh.goesOn(5);

  expect(Object.keys(await fresh.stop())).toEqual(['200']);
  expect([typesOf('ACMPCA::CertificateAuthorityActivation'), typesOf('KMS::Key'), typesOf('RevocationLists')]).toEqual([
    1, 1, 0,
  ]);
}, 180_000);

/** Replaces an authority, as its documentation says. @param meanwhile with both authorities in the truststore */
async function moveFrom(
  current: Name,
  successor: Name,
  meanwhile: () => Promise<void> = async () => {},
): Promise<void> {
  await sandbox.update(assemblyOf(current, successor));
  expect(await issuers()).toEqual([`CN=${successor}`]);
  await meanwhile();
  await sandbox.advance(WEEK);
  await sandbox.update(assemblyOf(successor));
}
