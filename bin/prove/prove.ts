/** `npm start`: deploys the example mesh into the sandbox and checks what it claims about access. */
import { Sandbox } from 'cdk-mtls-service-mesh/sandbox';
import { exampleApp } from '../app';
import { DeploymentProgress } from '../shared/progress';
import { clientTable } from '../shared/table';
import { checkClaim } from './claim';
import { identityClaims } from './identity';
import { lifeClaims } from './life';

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
    for (const claim of [...identityClaims(sandbox), ...lifeClaims(sandbox)])
      allHold = (await checkClaim(claim)) && allHold;
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
