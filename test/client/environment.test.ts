import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MeshHttpClient } from '../../client';
import { withEnvironment } from '../../client/environment';
import { createRoot } from '../pki/authorities';
import { MeshServer, serialNumberOf, URL_OF_MESH } from './mesh-server';
import { createSecret, OneSecret } from './secrets';

const directory = mkdtempSync(join(tmpdir(), 'client-environment-'));
const caFile = join(directory, 'server-ca.pem');
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test.each([
  ['127.0.0.1:8443', { host: '127.0.0.1', port: 8443 }],
  ['[::1]:443', { host: '::1', port: 443 }],
  ['gateway.internal:1', { host: 'gateway.internal', port: 1 }],
])('MTLS_MESH_CONNECT_TO can be %s', (text, connectTo) => {
  expect(withEnvironment({}, { MTLS_MESH_CONNECT_TO: text })).toEqual({ connectTo });
});

test.each([
  '127.0.0.1',
  '8443',
  ':8443',
  '127.0.0.1:',
  '127.0.0.1:0',
  '127.0.0.1:65536',
  '127.0.0.1:1e3',
  '::1:443',
  'https://127.0.0.1:8443',
  'mesh.example.com:443:127.0.0.1:8443',
  'user@127.0.0.1:8443',
  '127.0.0.1:8443\n',
  ' 127.0.0.1:8443',
])('MTLS_MESH_CONNECT_TO can not be %j', (text) => {
  expect(() => withEnvironment({}, { MTLS_MESH_CONNECT_TO: text })).toThrow(
    `MTLS_MESH_CONNECT_TO must be <host>:<port>, got ${JSON.stringify(text)}`,
  );
});

test('a file of authorities that can not be read is an error', () => {
  const path = join(directory, 'nowhere.pem');
  expect(() => withEnvironment({}, { MTLS_MESH_CA_FILE: path })).toThrow(
    `MTLS_MESH_CA_FILE must be a PEM file that can be read, got ${path}`,
  );
});

test('options win over the environment, and empty variables say nothing', () => {
  const options = { connectTo: { host: 'a', port: 1 }, certificateAuthorities: 'PEM' };
  const environment = { MTLS_MESH_CONNECT_TO: '127.0.0.1:2', MTLS_MESH_CA_FILE: join(directory, 'nowhere.pem') };
  expect(withEnvironment(options, environment)).toEqual(options);
  expect(withEnvironment({}, { MTLS_MESH_CONNECT_TO: '', MTLS_MESH_CA_FILE: '' })).toEqual({});
});

describe('a client in such an environment', () => {
  const VARIABLES = ['MTLS_MESH_CONNECT_TO', 'MTLS_MESH_CA_FILE'];
  afterEach(() => {
    for (const name of VARIABLES) delete process.env[name];
  });

  test('calls the server there, and only if the authorities there vouch for it', async () => {
    const root = await createRoot('Root');
    const other = await createRoot('Other');
    const secret = await createSecret(root);
    const server = await MeshServer.start(root, [root], (request, response) => response.end(serialNumberOf(request)));
    const { host, port } = server.address;
    process.env['MTLS_MESH_CONNECT_TO'] = `${host}:${port}`;
    process.env['MTLS_MESH_CA_FILE'] = caFile;
    const call = async (authorities: string) => {
      writeFileSync(caFile, authorities);
      const client = new MeshHttpClient({
        secretId: 'mesh/mail',
        secretsManager: new OneSecret(() => JSON.stringify(secret)),
      });
      const answer = client.fetch(URL_OF_MESH).then((response) => response.text());
      return answer.finally(() => client.close());
    };
    try {
      expect(await call(root.pem)).toBe(secret.serialNumber);
      await expect(call(other.pem)).rejects.toThrow(/no response from mesh\.example\.com/);
      await expect(call('not PEM')).rejects.toThrow();
      await expect(call('')).rejects.toThrow(/no response from mesh\.example\.com/);
    } finally {
      await server.close();
    }
  });
});
