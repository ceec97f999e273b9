// Bundles the Lambda functions into assets/, and the entry points for Node.js into dist/.
//
// Some SDK packages in package.json are older than the newest versions in the registry:
// - client-acm-pca: 3.523.0 is its newest version in the registry.
// - client-secrets-manager: with the same version, the issuer's bundle contains one SDK runtime (312 KB). The newest
//   version adds a second runtime (462 KB).
// - client-sts, only for tests: the other two depend on this version. A different one would be installed in addition.
// - client-cloudwatch, only for tests: newer versions send PutMetricData with the JSON protocol. `aws/cloudwatch.ts`
//   and the sandbox use the Query protocol.
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
  // The ES modules of an SDK package tree-shake to about half the size of its CommonJS build.
  mainFields: ['module', 'main'],
  legalComments: 'none',
  logLevel: 'warning',
  // These calls of `require` may fail at run time.
  logOverride: { 'unsupported-require-call': 'error', 'indirect-require': 'error' },
};

function bundleFunction(name) {
  return build({
    ...shared,
    entryPoints: [`lambda/${name}/index.ts`],
    outfile: join('assets', name, 'index.js'),
    target: 'node24',
    minify: true,
    // The SDK clients import all credential providers, but a function needs only its environment variables.
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

/** The sandbox keeps its tables in memory. The on-disk store of dynalite is native code and can't be bundled. */
const inMemory = { alias: { 'classic-level': 'memory-level' } };

await mkdir(join(root, 'dist'), { recursive: true });
await Promise.all([
  ...FUNCTIONS.map(bundleFunction),
  bundleForNode('client/index.ts'),
  bundleForNode('sandbox/index.ts', inMemory),
  // The command loads the other bundles of bin/ on demand.
  bundleForNode('bin/mtls-mesh.ts', {
    external: ['./operations', './request/request', './up/up'],
    banner: { js: '#!/usr/bin/env node' },
  }),
  bundleForNode('bin/operations.ts'),
  bundleForNode('bin/request/request.ts'),
  bundleForNode('bin/up/up.ts', { external: ['cdk-mtls-service-mesh/sandbox'] }),
]);
