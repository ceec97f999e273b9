// Bundles what runs outside the CDK: the Lambda functions into assets/, the entry points for Node into dist/.
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const FUNCTIONS = ['authorizer', 'certificate-issuer', 'truststore-publisher'];

const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  // An SDK package's ES modules tree-shake to about half the size of its CommonJS build.
  mainFields: ['module', 'main'],
  legalComments: 'none',
  logLevel: 'warning',
  // A warning here is a require that may fail at run time.
  logOverride: { 'unsupported-require-call': 'error', 'indirect-require': 'error' },
};

function bundleFunction(name) {
  return build({
    ...shared,
    entryPoints: [`lambda/${name}/index.ts`],
    outfile: join('assets', name, 'index.js'),
    target: 'node24',
    minify: true,
    // The clients import the whole chain of credential sources, of which a function needs one.
    alias: { '@aws-sdk/credential-provider-node': './aws/environment-credentials.ts' },
  });
}

function bundleForNode(entryPoint, options = {}) {
  return build({
    ...shared,
    entryPoints: [entryPoint],
    outfile: join('dist', entryPoint.replace(/\.ts$/, '.js')),
    target: 'node20',
    ...options,
  });
}

/** Tables live in memory; the native store that dynalite would keep on disk can't be bundled and is never opened. */
const inMemory = { alias: { 'classic-level': 'memory-level' } };

await mkdir(join(root, 'dist'), { recursive: true });
await Promise.all([
  ...FUNCTIONS.map(bundleFunction),
  bundleForNode('client/index.ts'),
  bundleForNode('sandbox/index.ts', inMemory),
  // The command loads the other bundles of bin/ when it needs them.
  bundleForNode('bin/mtls-mesh.ts', {
    external: ['./operations', './request/request', './up/up'],
    banner: { js: '#!/usr/bin/env node' },
  }),
  bundleForNode('bin/operations.ts'),
  bundleForNode('bin/request/request.ts'),
  bundleForNode('bin/up/up.ts', { external: ['cdk-mtls-service-mesh/sandbox'] }),
]);
