/** Runs the Tomcat of Debian with an example as its configuration and its only page. */
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from './example-programs';

export const TOMCAT_COMMAND: Command = ['/usr/share/tomcat10/bin/catalina.sh', 'run'];

/**
 * Adds what the example leaves to the Tomcat.
 * @param example directory with `server.xml` and `index.jsp`
 * @param base directory to make
 * @returns the environment of the Tomcat
 */
export function prepareTomcat(example: string, base: string): Readonly<Record<string, string>> {
  for (const folder of ['conf', 'logs', 'temp', 'work', 'webapps/ROOT']) {
    mkdirSync(join(base, folder), { recursive: true });
  }
  cpSync('/etc/tomcat10/web.xml', join(base, 'conf', 'web.xml'));
  cpSync(join(example, 'server.xml'), join(base, 'conf', 'server.xml'));
  cpSync(join(example, 'index.jsp'), join(base, 'webapps', 'ROOT', 'index.jsp'));
  const source = 'org.apache.tomcat.util.digester.EnvironmentPropertySource';
  return {
    CATALINA_BASE: base,
    CATALINA_OPTS: `-Dorg.apache.tomcat.util.digester.PROPERTY_SOURCE=${source}`,
  };
}
