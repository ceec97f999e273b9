/** Measures what the library promises about speed, and prints each figure beside its budget. */

import { Sandbox } from 'cdk-mtls-service-mesh/sandbox';
import Table from 'cli-table3';
import { issue } from './issue';
import type { Measurement } from './measure';
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

void measureAll().then((measurements) => {
  const table = new Table({ head: ['', 'Measured', 'Beside', 'Budget', ''], style: { head: [], border: [] } });
  for (const { what, measured, floor = '', budget, within } of measurements) {
    table.push([what, measured, floor, budget, within ? '✔' : '✖']);
  }
  console.log(table.toString());
});
