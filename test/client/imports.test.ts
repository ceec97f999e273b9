import { join } from 'node:path';
import { build } from 'esbuild';

test('the client needs nothing but Node.js: neither the CDK nor the AWS SDK nor an ASN.1 library', async () => {
  const { metafile } = await build({
    entryPoints: [join(__dirname, '../../client/index.ts')],
    bundle: true,
    platform: 'node',
    write: false,
    metafile: true,
  });
  expect(Object.keys(metafile.inputs).filter((path) => !/^(client|mesh|pki)\//.test(path))).toEqual([]);
  const imported = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  expect(imported.filter((path) => !path.startsWith('node:'))).toEqual([]);
});
