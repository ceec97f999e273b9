import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { directory, install, npm, pinned, root, tarball } from './packed';

export default function setUp(): void {
  process.env['PACKAGE_TEST_DIRECTORY'] = mkdtempSync(join(tmpdir(), 'mtls-mesh-package-'));
  // What the build prints comes first.
  const output = npm(root, 'pack', '--json', '--pack-destination', directory());
  const [packed] = JSON.parse(output.slice(output.search(/^\[$/m)));
  const files = packed.files.map((file: { readonly path: string }) => file.path);
  writeFileSync(join(directory(), 'files.json'), JSON.stringify(files));
  install('app', [tarball(), ...pinned('aws-cdk-lib', 'constructs', '@types/node')]);
}
