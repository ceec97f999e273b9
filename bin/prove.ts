/** Stands the example mesh up in the sandbox and proves on it who gets through, who does not, and what changes that. */
import { Sandbox } from 'cdk-mtls-service-mesh/sandbox';
import { exampleApp } from './app';
import { clientTable } from './client-table';
import { DeploymentProgress } from './progress';
import { holds } from './proof/claim';
import { identityClaims } from './proof/identity';
import { lifeClaims } from './proof/life';

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
    let allHold = true;
    for (const claim of [...identityClaims(sandbox), ...lifeClaims(sandbox)]) allHold = (await holds(claim)) && allHold;
    return allHold;
  } finally {
    await sandbox.close();
  }
}

prove().then(
  (allHold) => {
    process.exitCode = allHold ? 0 : 1;
  },
  (error) => {
    console.error(error);
    process.exitCode = 1;
  },
);
