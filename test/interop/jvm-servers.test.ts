/** The example programs in Java that serve the clients of the mesh. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { addJavaLibraries, runJava } from './java';
import { testServers } from './server-tests';
import { prepareTomcat, TOMCAT_COMMAND } from './tomcat';

/** Java doesn't print a fraction of zero. */
const inJava = (date: string) => date.replace('.000Z', 'Z');

testServers([
  {
    name: 'Java',
    needs: ['javac'],
    example: 'java',
    command: (directory) => runJava(directory, 'Server'),
    resumes: true,
  },
  {
    name: 'Jetty',
    needs: ['javac', 'mvn', 'flock'],
    example: 'jetty',
    build: addJavaLibraries,
    command: (directory) => runJava(directory, 'Server'),
    resumes: true,
  },
  {
    name: 'Tomcat',
    needs: ['javac', 'tomcat10'],
    example: 'tomcat',
    command: () => TOMCAT_COMMAND,
    environment: (directory) => prepareTomcat(directory, join(directory, 'base')),
    reload: ({ pid }, directory) => promisify(execFile)('java', [join(directory, 'Reload.java'), String(pid)]),
    resumes: true,
  },
  {
    name: 'mu-server',
    needs: ['javac', 'mvn', 'flock'],
    example: 'mu-server',
    build: addJavaLibraries,
    command: (directory) => runJava(directory, 'Server'),
    resumes: true,
    description: ({ clientName, notBefore, notAfter }) =>
      `CN=${clientName}, from ${inJava(notBefore)} until ${inJava(notAfter)}`,
    withoutCertificate: '401 no client certificate',
  },
]);
