/**
 * Measures what the library promises about speed, and prints each figure beside its budget. `npm run bench -- rotation`
 * simulates what the quotas of AWS allow instead, `npm run bench -- rotation 1000` for so many clients.
 */

import { Sandbox } from 'cdk-mtls-service-mesh/sandbox';
import Table from 'cli-table3';
import { issue } from './issue';
import type { Measurement } from './measure';
import { quotas } from './quotas';
import { discard, firstAnswer, threeServices, warmDecision } from './sandbox';
import { startUp } from './start-up';
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
      await startUp('authorizer', 1.4),
      await warmDecision(assembly),
      await startUp('certificate-issuer', 2),
      await issue(secret),
      ...(await synthesis()),
      ...resources(),
    ];
  } finally {
    discard(assembly);
  }
}

/** Rotating so many takes minutes: it is measured only when somebody asks. */
const ROTATED_CLIENTS = 10_000;

function measure([subject, clients]: readonly string[]): Promise<readonly Measurement[]> {
  switch (subject) {
    case undefined:
      return measureAll();
    case 'rotation':
      return quotas(clients === undefined ? ROTATED_CLIENTS : wholeNumber(clients));
    default:
      throw new Error(`the subject must be rotation or left out, got ${subject}`);
  }
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new Error(`the number of clients must be a whole number from 1, got ${text}`);
}

const start = performance.now();
void measure(process.argv.slice(2)).then((measurements) => {
  const table = new Table({ head: ['', 'Measured', 'Beside', 'Budget', ''], style: { head: [], border: [] } });
  for (const { what, measured, floor = '', budget, within } of measurements) {
    table.push([what, measured, floor, budget, within ? '✔' : '✖']);
  }
  console.log(table.toString());
  console.log(`measured in ${((performance.now() - start) / 1000).toFixed(0)} s`);
});
