/**
 * `npm start`: deploys the example meshes into the sandbox and checks what they claim about access. With `-- --authority kms`,
 * their certificate authorities have their keys in AWS KMS.
 */
import { parseArgs } from 'node:util';
import type { App } from 'aws-cdk-lib';
import { Sandbox } from 'cdk-mtls-service-mesh/sandbox';
import { type ExampleAuthority, exampleApp, serviceMeshApp } from '../app';
import { DeploymentProgress } from '../shared/progress';
import { clientTable } from '../shared/table';
import { type Claim, checkClaim } from './claim';
import { grantClaims } from './grants';
import { identityClaims } from './identity';
import { lifeClaims } from './life';

async function prove(): Promise<boolean> {
  const authority = authorityIn(process.argv.slice(2));
  const schedule = await proveMesh(exampleApp(authority), (sandbox) => [
    ...identityClaims(sandbox),
    ...lifeClaims(sandbox),
  ]);
  console.log('\nUsers, groups, and equipment call each other, and the help desk reads all of them:\n');
  return (await proveMesh(serviceMeshApp(authority), grantClaims)) && schedule;
}

/** The command line is wrong. */
class UsageError extends Error {
  override readonly name = 'UsageError';
}

function authorityIn(args: string[]): ExampleAuthority {
  const usage = 'usage: npm start [-- --authority acm-pca|kms]';
  try {
    const { values } = parseArgs({ args, options: { authority: { type: 'string', default: 'acm-pca' } } });
    const { authority } = values;
    if (authority === 'acm-pca' || authority === 'kms') return authority;
    throw new Error(`--authority must be acm-pca or kms, got ${JSON.stringify(authority)}`);
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${usage}`);
  }
}

async function proveMesh(app: App, claimsOf: (sandbox: Sandbox) => readonly Claim[]): Promise<boolean> {
  const progress = new DeploymentProgress();
  const sandbox = await Sandbox.deploy(app, { onEvent: progress.onEvent }).catch((error) => {
    progress.fail();
    throw error;
  });
  try {
    progress.succeed();
    const secrets = await Promise.all(sandbox.clients.map(({ name }) => sandbox.clientSecret(name)));
    console.log(`\n${clientTable(secrets)}\n`);
    let allHold = true;
    for (const claim of claimsOf(sandbox)) allHold = (await checkClaim(claim)) && allHold;
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
    console.error(error instanceof UsageError ? `error: ${error.message}` : error);
    process.exitCode = 1;
  },
);
