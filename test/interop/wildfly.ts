/** Runs WildFly with an example as its configuration, and with applications of the example. */
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Command } from './example-programs';
import { cached, JAVA_FAST_START, maven } from './java';

const VERSION = '39.0.1.Final';
/** What the application is compiled with. */
const MODULES = ['jakarta/servlet/api/main/*', 'org/wildfly/security/elytron-base/main/*'];

const FAST_START = JAVA_FAST_START.join(' ');

export const WILDFLY_NEEDS = ['javac', 'mvn', 'flock'] as const;

function home(): string {
  const distribution = cached(`wildfly-${VERSION}`, (target) =>
    maven(
      'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack',
      `-Dartifact=org.wildfly:wildfly-dist:${VERSION}:zip`,
      `-DoutputDirectory=${target}`,
    ),
  );
  return join(distribution, `wildfly-${VERSION}`);
}

/** A WildFly with its own configuration and applications. */
export class Wildfly {
  private readonly base: string;

  /** @param example the copied directory `examples/programs/wildfly`, where the WildFly has its own files, too */
  constructor(
    private readonly example: string,
    private readonly managementPort: number,
  ) {
    this.base = join(example, 'standalone');
  }

  /** Runs `server.cli` of the example. */
  configure(environment: Readonly<Record<string, string>>): void {
    cpSync(join(home(), 'standalone'), this.base, { recursive: true });
    execFileSync(join(home(), 'bin', 'jboss-cli.sh'), [`--file=${join(this.example, 'server.cli')}`], {
      env: { ...process.env, ...environment, JAVA_OPTS: `${FAST_START} -Djboss.server.base.dir=${this.base}` },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }

  /** Compiles and deploys an application. @param example a copied directory `examples/programs/wildfly` */
  deploy(name: string, example: string): void {
    const archive = join(this.base, 'deployments', `${name}.war`);
    const classes = join(archive, 'WEB-INF', 'classes');
    mkdirSync(classes, { recursive: true });
    const libraries = MODULES.map((path) => join(home(), 'modules', 'system', 'layers', 'base', path)).join(':');
    const options = ['-d', classes, '-cp', libraries, join(example, 'ScheduleServlet.java')];
    execFileSync('javac', options, { stdio: ['ignore', 'ignore', 'inherit'] });
    for (const file of ['web.xml', 'jboss-web.xml']) cpSync(join(example, file), join(archive, 'WEB-INF', file));
    writeFileSync(`${archive}.dodeploy`, '');
  }

  /** Ends with its Java when it gets SIGTERM. */
  get command(): Command {
    return [
      join(home(), 'bin', 'standalone.sh'),
      `-Djboss.server.base.dir=${this.base}`,
      `-Djboss.management.http.port=${this.managementPort}`,
    ];
  }

  get environment(): Readonly<Record<string, string>> {
    return { LAUNCH_JBOSS_IN_BACKGROUND: '1', JAVA_OPTS: `${FAST_START} -Xmx512m` };
  }

  /** Runs `reload.cli` of the example. */
  reload(): Promise<unknown> {
    return this.manage(`--file=${join(this.example, 'reload.cli')}`);
  }

  /** Cuts off a client. The WildFly goes on. */
  removeIdentity(spiffeId: string): Promise<unknown> {
    return this.manage(`/subsystem=elytron/filesystem-realm=clients:remove-identity(identity="${spiffeId}")`);
  }

  private manage(command: string): Promise<unknown> {
    const controller = `--controller=127.0.0.1:${this.managementPort}`;
    return promisify(execFile)(join(home(), 'bin', 'jboss-cli.sh'), ['--connect', controller, command], {
      env: { ...process.env, JAVA_OPTS: FAST_START },
    });
  }
}
