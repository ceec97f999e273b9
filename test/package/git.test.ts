import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { testWith } from '../programs';
import { directory, install, node, root } from './packed';

const git = (cwd: string, ...args: readonly string[]) => execFileSync('git', args, { cwd, encoding: 'utf8' });

testWith('git')(
  'npm installs the package from a Git repository',
  () => {
    const repository = join(directory(), 'repository');
    for (const file of git(root, 'ls-files', '--cached', '--others', '--exclude-standard', '-z').split('\0')) {
      if (file === '' || !existsSync(join(root, file))) continue;
      mkdirSync(dirname(join(repository, file)), { recursive: true });
      cpSync(join(root, file), join(repository, file));
    }
    git(repository, 'init', '--quiet');
    git(repository, 'add', '--all');
    const author = ['-c', 'user.name=test', '-c', 'user.email=test@example.com'];
    git(repository, ...author, 'commit', '--quiet', '--message', 'All files');

    const app = install('from-git', [`git+${pathToFileURL(repository).href}`, 'aws-cdk-lib', 'constructs']);
    const script = `
    const { MtlsServiceMesh } = require('cdk-mtls-service-mesh');
    const { MeshHttpClient } = require('cdk-mtls-service-mesh/client');
    const { Sandbox } = require('cdk-mtls-service-mesh/sandbox');
    console.log([MtlsServiceMesh, MeshHttpClient, Sandbox].map((each) => typeof each).join());`;
    expect(node(app, '-e', script)).toBe('function,function,function\n');
  },
  600_000,
);
