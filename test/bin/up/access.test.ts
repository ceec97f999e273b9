import { accessText, type MeshAccess } from '../../../bin/up/access';

const MAIL = { name: 'mail', spiffeId: 'spiffe://mesh.example.com/mail' };

const textFor = (client: MeshAccess['clients'][number]) =>
  accessText(
    {
      endpoint: 'http://127.0.0.1:4711',
      gatewayPort: 4712,
      serverAuthority: 'server-ca.pem',
      urls: [],
      clients: [client],
      environment: {},
      roles: [],
      outputs: {},
    },
    [],
  );

test.each([
  [{}, 'mtls-mesh fetch --client mail\n'],
  [
    { clientAuthoritiesUrl: 's3://trust/client-ca.pem' },
    'mtls-mesh fetch --client mail --client-ca s3://trust/client-ca.pem\n',
  ],
  [
    { clientAuthoritiesUrl: 's3://trust/client-ca.pem', revocationListsUrl: 's3://lists/crl.pem' },
    'mtls-mesh fetch --client mail --client-ca s3://trust/client-ca.pem --crl s3://lists/crl.pem\n',
  ],
])('prints how to fetch what the mesh publishes: %j', (published, line) => {
  expect(textFor({ ...MAIL, secretId: 'mesh.example.com/mail', ...published }).replaceAll(/ \\\n +/g, ' ')).toContain(
    line,
  );
});

test('prints no such line for a mesh whose clients all keep their own keys', () => {
  expect(textFor(MAIL)).not.toContain('mtls-mesh fetch');
});
