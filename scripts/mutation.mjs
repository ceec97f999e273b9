// Mutation tests of the code that decides who is admitted and what is issued. Each part runs only its own tests:
// `node scripts/mutation.mjs [part]`.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const ISSUER_VERBS = ['external', 'maintain', 'request', 'rotate'];

/** Maps the test folder of each part, in test/, to the files that are mutated. */
const PARTS = {
  'lambda/authorizer': ['lambda/authorizer/**/*.ts', '!lambda/authorizer/index.ts'],
  // All parts of the issuer use `issue`, so their tests run as well.
  'lambda/certificate-issuer': ['lambda/certificate-issuer/issue/**/*.ts'],
  ...Object.fromEntries(
    ISSUER_VERBS.map((verb) => `lambda/certificate-issuer/${verb}`).map((folder) => [folder, [`${folder}/**/*.ts`]]),
  ),
  pki: ['pki/**/*.ts'],
  registry: ['registry/lookup.ts', 'registry/revocation.ts', 'registry/status.ts'],
};

const stryker = join('node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js');
const [part] = process.argv.slice(2);
const failed = Object.entries(PARTS)
  .filter(([tests]) => part === undefined || part === tests)
  .filter(([tests, files]) => {
    console.log(`\n${tests}`);
    const { status } = spawnSync(process.execPath, [stryker, 'run', '--mutate', files.join(',')], {
      env: { ...process.env, MUTATION_TESTS: tests },
      stdio: 'inherit',
    });
    return status !== 0;
  });
process.exitCode = failed.length === 0 ? 0 : 1;
