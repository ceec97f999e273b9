/** The example programs in Java that call the mesh, each with the library that it names. */
import { type Client, testClients } from './client-tests';
import { addJavaLibraries, runJava } from './java';

const WITHOUT_CERTIFICATE = { 'context.init(keys.getKeyManagers(), null, null)': 'context.init(null, null, null)' };

const CLIENTS: readonly Client[] = [
  {
    name: 'Java HttpClient',
    needs: ['javac'],
    example: 'java',
    command: (directory) => runJava(directory, 'Client'),
    withoutCertificate: WITHOUT_CERTIFICATE,
  },
  ...Object.entries({ OkHttp: 'okhttp', 'Apache HttpClient': 'apache-httpclient' }).map(
    ([name, example]): Client => ({
      name,
      needs: ['javac', 'mvn', 'flock'],
      example,
      build: addJavaLibraries,
      command: (directory) => runJava(directory, 'Client'),
      withoutCertificate: WITHOUT_CERTIFICATE,
    }),
  ),
];

testClients(CLIENTS, [{ some: CLIENTS, rate: 50 }], 'mesh.example.com');
