import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PNPM, testWith } from '../programs';
import { directory, node, pinned, tarball } from './packed';

const program = join(__dirname, 'run-in-sandbox.js');

/** A package that pnpm installs finds only what it declares: its modules are links into a store. */
testWith('pnpm')(
  'an app that pnpm installs synthesizes a mesh, and the sandbox runs it',
  () => {
    const app = join(directory(), 'pnpm');
    mkdirSync(app);
    writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'app', private: true }));
    const [npx = '', ...options] = PNPM;
    const packages = [tarball(), ...pinned('aws-cdk-lib', 'constructs')];
    const store = ['--store-dir', join(directory(), 'pnpm-store')];
    execFileSync(npx, [...options, 'add', '--prefer-offline', ...store, ...packages], { cwd: app, stdio: 'inherit' });
    cpSync(program, join(app, 'run.js'));
    expect(JSON.parse(node(app, 'run.js'))).toEqual({ status: 200, caller: 'mail', refused: true });
    const esm = `import { Sandbox } from 'cdk-mtls-service-mesh/sandbox';
      import { MeshHttpClient, meshServer } from 'cdk-mtls-service-mesh/client';
      console.log([Sandbox, MeshHttpClient, meshServer].map((each) => typeof each).join());`;
    writeFileSync(join(app, 'modules.mjs'), esm);
    expect(node(app, 'modules.mjs')).toBe('function,function,function\n');
  },
  600_000,
);
