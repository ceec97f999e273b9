import { join } from 'node:path';
import { build } from 'esbuild';

test('the client needs nothing but Node.js, and of the AWS SDK only what a SecretsManagerClient needs', async () => {
  const { metafile } = await build({
    entryPoints: [join(__dirname, '../../client/index.ts')],
    bundle: true,
    packages: 'external',
    platform: 'node',
    write: false,
    metafile: true,
  });
  expect(Object.keys(metafile.inputs).filter((path) => !/^(client|mesh|pki)\//.test(path))).toEqual([]);
  const imported = Object.values(metafile.outputs).flatMap(({ imports }) => imports);
  expect(imported.filter(({ path }) => !path.startsWith('node:'))).toEqual([
    { path: '@aws-sdk/client-secrets-manager', kind: 'dynamic-import', external: true },
  ]);
});
