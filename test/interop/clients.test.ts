/** The example programs that call the mesh, each in its language, with the libraries that it names. */
import { join } from 'node:path';
import { type Client, testClients } from './client-tests';
import { buildGo } from './example-programs';

const CLIENTS: readonly Client[] = [
  ...['https', 'undici', 'axios', 'got'].map(
    (library): Client => ({
      name: library,
      needs: ['node'],
      example: 'node',
      command: (directory) => ['node', join(directory, 'call.mjs'), library],
      withoutCertificate: { '{ key: bundle, cert: bundle }': '{}' },
    }),
  ),
  ...['requests', 'httpx'].map(
    (library): Client => ({
      name: library,
      needs: [library],
      example: 'python',
      command: (directory) => ['python3', join(directory, `${library}_client.py`)],
      withoutCertificate: { 'context.load_cert_chain(BUNDLE)': 'pass' },
    }),
  ),
  {
    name: 'net/http',
    needs: ['go'],
    example: 'go',
    build: buildGo,
    command: (directory) => [join(directory, 'program'), 'client'],
    withoutCertificate: { 'return &certificate, nil': '_ = certificate; return &tls.Certificate{}, nil' },
  },
  {
    name: 'Faraday',
    needs: ['faraday'],
    example: 'ruby',
    command: (directory) => ['ruby', join(directory, 'client.rb')],
    withoutCertificate: { '{ client_cert: certificate, client_key: key }': '{}' },
  },
  {
    name: 'curl',
    needs: ['curl'],
    example: 'curl',
    command: (directory) => ['sh', join(directory, 'client.sh')],
    withoutCertificate: { '--cert "$bundle"': '' },
  },
  {
    name: 'openssl',
    needs: ['openssl'],
    example: 'openssl',
    address: ({ host }) => ({ 'mesh.example.com:443': host }),
    command: (directory) => ['sh', join(directory, 'client.sh')],
    withoutCertificate: { '-cert "$bundle" -key "$bundle"': '' },
  },
];

testClients(CLIENTS, [
  // Some at a time, because the gateway and this test share a machine with them.
  { some: CLIENTS.slice(0, 4), rate: 50 },
  { some: CLIENTS.slice(4, 8), rate: 50 },
  // They start a process for each call.
  { some: CLIENTS.slice(8), rate: 10 },
  { some: CLIENTS.slice(0, 1), rate: 200 },
]);
