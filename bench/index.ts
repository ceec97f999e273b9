/**
 * Measures the speed of the library and prints each figure beside its budget. `npm run bench -- rotation` instead simulates
 * the rotation of all clients of a large mesh under the quotas of AWS, `npm run bench -- rotation 1000` of 1,000 clients.
 * `npm run bench -- maintenance` simulates the hourly run of meshes of up to 100,000 clients, and what it costs.
 * `npm run bench -- revocation-lists` simulates the hourly run for lists of up to 100,000 certificates.
 * `npm run bench -- prices` writes the tables of docs/prices.md.
 * `npm run bench -- stacks` deploys a mesh of 1,000 clients in the stacks of ten teams.
 */
import { Sandbox } from 'cdk-mtls-service-mesh/sandbox';
import Table from 'cli-table3';
import { issue } from './issue';
import { maintenance } from './maintenance';
import type { Measurement } from './measure';
import { writePricesPage } from './prices-page';
import { quotas } from './quotas';
import { revocationLists } from './revocation-lists';
import { discard, firstAnswer, threeServices, warmDecision } from './sandbox';
import { signing } from './signing';
import { severalStacks } from './stacks';
import { CLIENT_BUNDLE, clientSize, functionBundle, startUp } from './start-up';
import { resources, synthesis } from './synthesis';

async function measureAll(): Promise<readonly Measurement[]> {
  process.env.CDK_VALIDATION = 'false';
  const assembly = threeServices();
  try {
    const sandbox = await Sandbox.deploy(assembly);
    const secret = await sandbox.clientSecret('users');
    await sandbox.close();
    return [
      await firstAnswer(assembly),
      await startUp('authorizer', functionBundle('authorizer'), 1.4),
      await warmDecision(assembly),
      await startUp('certificate-issuer', functionBundle('certificate-issuer'), 2),
      await startUp('truststore-publisher', functionBundle('truststore-publisher'), 2),
      await startUp('certificate-authority', functionBundle('certificate-authority'), 2),
      await startUp('revocation-list-publisher', functionBundle('revocation-list-publisher'), 2),
      await startUp('client', CLIENT_BUNDLE, 1.4),
      await clientSize(1),
      await issue(secret),
      ...(await signing()),
      ...(await synthesis()),
      ...resources(),
    ];
  } finally {
    discard(assembly);
  }
}

/** The simulation of so many takes minutes, so it has its own subject. */
const ROTATED_CLIENTS = 10_000;

async function measure([subject, clients]: readonly string[]): Promise<readonly Measurement[]> {
  switch (subject) {
    case undefined:
      return measureAll();
    case 'rotation':
      return quotas(clients === undefined ? ROTATED_CLIENTS : wholeNumber(clients));
    case 'maintenance':
      return maintenance();
    case 'revocation-lists':
      return revocationLists();
    case 'prices':
      await writePricesPage();
      return [];
    case 'stacks':
      process.env.CDK_VALIDATION = 'false';
      return severalStacks();
    default:
      throw new Error(
        `the subject must be "rotation", "maintenance", "prices", "stacks", or omitted, got ${JSON.stringify(subject)}`,
      );
  }
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new Error(`the number of clients must be a positive integer, got ${JSON.stringify(text)}`);
}

const start = performance.now();
void measure(process.argv.slice(2)).then((measurements) => {
  const table = new Table({ head: ['', 'Measured', 'Beside', 'Budget', ''], style: { head: [], border: [] } });
  for (const { what, measured, floor = '', budget, within } of measurements) {
    table.push([what, measured, floor, budget, within ? '✔' : '✖']);
  }
  console.log(table.toString());
  console.log(`Measured in ${((performance.now() - start) / 1000).toFixed(0)} s`);
});
