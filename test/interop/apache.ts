/** Runs Apache httpd with an example that is a site, as its only site. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from './example-programs';

/**
 * Adds what a system has for its sites.
 * @param example directory with `mesh-site.conf`, where Apache httpd writes, too
 * @param modules without `mod_`
 */
export function apacheWithSite(example: string, modules: readonly string[]): Command {
  const configuration = join(example, 'httpd.conf');
  const load = ['mpm_event', 'authz_core', 'ssl', ...modules].map(
    (name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`,
  );
  const files = [`DefaultRuntimeDir ${example}`, `PidFile ${example}/pid`, `ErrorLog ${example}/error.log`];
  // Only root can change its user.
  const user = process.getuid?.() === 0 ? ['User www-data', 'Group www-data'] : [];
  const site = `Include ${join(example, 'mesh-site.conf')}`;
  const lines = [`ServerRoot ${example}`, ...files, ...user, 'ServerName localhost', ...load, site, ''];
  writeFileSync(configuration, lines.join('\n'));
  return ['apache2', '-f', configuration, '-D', 'FOREGROUND'];
}
