// Tests deploy the bundles that ship; this makes them from the sources at hand.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

export default function setUp(): void {
  // The built-in schema validator costs two seconds a synthesis; one test turns it on.
  process.env['CDK_VALIDATION'] = 'false';
  execFileSync(process.execPath, [join(__dirname, '..', 'scripts', 'bundle.mjs')], { stdio: 'inherit' });
}
