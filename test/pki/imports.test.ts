import { join } from 'node:path';
import { build } from 'esbuild';

/** The authorizer and the client load these on every start; the ASN.1 library would be most of their size. */
const WITHOUT_ASN1 = [
  'certificate-fields',
  'certificate-identity',
  'chain',
  'client-secret',
  'contract',
  'external-clients',
  'keys',
  'names',
  'pem',
];

test.each(WITHOUT_ASN1)('%s needs node:crypto at most', async (name) => {
  const { metafile } = await build({
    entryPoints: [join(__dirname, '../../pki', `${name}.ts`)],
    bundle: true,
    platform: 'node',
    write: false,
    metafile: true,
  });
  expect(Object.keys(metafile.inputs).filter((path) => path.includes('node_modules'))).toEqual([]);
});
