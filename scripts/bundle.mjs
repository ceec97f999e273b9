// Bundles the Lambda functions into assets/, and the entry points for Node.js into dist/.
//
// Some SDK packages in package.json are older than the newest versions in the registry:
// - client-acm-pca: 3.523.0 is its newest version in the registry.
// - client-secrets-manager: with the same version, the issuer's bundle contains one SDK runtime (312 KB). The newest
//   version adds a second runtime (462 KB).
// - client-sts, only for tests: the other two depend on this version. A different one would be installed in addition.
// - client-cloudwatch, only for tests: newer versions send PutMetricData with the JSON protocol. `aws/cloudwatch.ts`
//   and the sandbox use the Query protocol.
import { chmod, copyFile, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const FUNCTIONS = [
  'authorizer',
  'certificate-authority',
  'certificate-issuer',
  'revocation-list-publisher',
  'truststore-publisher',
];

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
    // Fields that a constructor assigns aren't declared as well.
    tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
    // The SDK clients import all credential providers, but a function needs only its environment variables.
    alias: { '@aws-sdk/credential-provider-node': './aws/environment-credentials.ts' },
  });
}

function bundleForNode(entryPoint, options = {}) {
  const { format = shared.format } = options;
  return build({
    ...shared,
    entryPoints: [entryPoint],
    outfile: join('dist', entryPoint.replace(/\.ts$/, format === 'esm' ? '.mjs' : '.js')),
    target: 'node20',
    ...options,
  });
}

/** An ES module and a CommonJS module. */
function bundleEntryPoint(entryPoint, { esm, cjs, ...both }) {
  return Promise.all([
    bundleForNode(entryPoint, { ...both, ...cjs }),
    bundleForNode(entryPoint, { ...both, ...esm, format: 'esm' }),
  ]);
}

/** The sandbox keeps its tables in memory. The on-disk store of dynalite is native code and can't be bundled. */
const inMemory = { 'classic-level': 'memory-level' };

/** Packages of the sandbox are CommonJS and call `require` for modules of Node.js, which ES modules don't have. */
const requireInModules = `import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);`;

/**
 * Jest can't run `import()` in CommonJS modules, and bundlers must see that a package may be missing: both work with
 * `require` in a `try`.
 */
const requireForImport = {
  name: 'require-for-import',
  setup({ onLoad }) {
    onLoad({ filter: /client[/\\]secret-reader\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      if (!source.includes('await import(')) throw new Error(`found no import() in ${path}`);
      return { loader: 'ts', contents: source.replace('await import(', 'require(') };
    });
  },
};

/** The page of the console: a script and a style sheet for browsers, and the files that need no bundling. */
async function bundlePage() {
  const [source, destination] = ['bin/console/page', 'dist/bin/console/page'];
  await build({
    ...shared,
    entryPoints: [`${source}/main.tsx`, `${source}/console.css`],
    outdir: destination,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    minify: true,
  });
  for (const file of ['index.html', 'icon.svg']) {
    await copyFile(join(root, source, file), join(root, destination, file));
  }
}

await mkdir(join(root, 'dist'), { recursive: true });
await Promise.all([
  ...FUNCTIONS.map(bundleFunction),
  bundleEntryPoint('client/index.ts', {
    external: ['@aws-sdk/client-secrets-manager'],
    cjs: { plugins: [requireForImport] },
  }),
  bundleEntryPoint('sandbox/index.ts', { alias: inMemory, esm: { banner: { js: requireInModules } } }),
  // The command loads the other bundles of bin/ on demand.
  bundleForNode('bin/mtls-mesh.ts', {
    external: ['./client-commands', './console/console', './graph/graph', './operations', './up/up'],
    banner: { js: '#!/usr/bin/env node' },
  }),
  bundleForNode('bin/client-commands.ts'),
  bundleForNode('bin/operations.ts'),
  bundleForNode('bin/graph/graph.ts'),
  bundleForNode('bin/console/console.ts', { external: ['cdk-mtls-service-mesh/package.json'] }),
  bundlePage(),
  bundleForNode('bin/up/up.ts', { external: ['cdk-mtls-service-mesh/sandbox'] }),
]);
// npm makes commands executable when it installs them. The script in the Python package doesn't.
await chmod(join(root, 'dist', 'bin', 'mtls-mesh.js'), 0o755);
