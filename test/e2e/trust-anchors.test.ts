import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { App, CfnOutput, CfnParameter, Stack } from 'aws-cdk-lib';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { rotateClient } from '../../bin/rotate/rotate';
import { awsMesh } from '../../bin/shared/aws-mesh';
import { setClientState } from '../../bin/shared/client-state';
import { listClients } from '../../bin/shared/inventory';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import type { TlsCredentials } from '../../client';
import {
  ExternalIdentity,
  MeshIntegration,
  type MtlsServiceMesh,
  type TrustAnchor,
  TrustAnchorSource,
} from '../../lib';
import { Sandbox, TlsRequestError } from '../../sandbox';
import { exampleMesh } from '../example-mesh';
import { testWith } from '../programs';
import { PartnerAuthority } from './partner-authority';

const WHO_AM_I = 'https://mesh.example.com/whoami';
/** Longer than the authorizer goes by what it has read. */
const MEMORY_MILLISECONDS = 6_000;
const SHIPPING_SUBJECT = '/C=DE/O=Partner, Inc./CN=shipping';

/** Answers with what the gateway says of the caller. */
const ECHO = `exports.handler = async ({ headers }) => ({
  statusCode: 200,
  body: JSON.stringify(Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('x-mesh-')))),
});`;

/** The authorities of partners are made by openssl. */
const test = testWith('openssl');

jest.setTimeout(120_000);

interface Members {
  readonly mesh: MtlsServiceMesh;
  readonly stack: Stack;
  readonly partners: Bucket;
}

/** A mesh with what `add` adds to it, and with clients for which it issues. */
function appOf(add: (members: Members) => void = () => undefined, issuedFor: readonly string[] = ['mail']): App {
  const app = new App();
  const stack = new Stack(app, 'Anchored');
  const partners = new Bucket(stack, 'Partners', { versioned: true });
  new CfnOutput(stack, 'PartnersName', { value: partners.bucketName });
  const mesh = exampleMesh(stack);
  const echo = new LambdaFunction(stack, 'Echo', {
    runtime: Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: Code.fromInline(ECHO),
  });
  mesh.addService('whoami', { integration: MeshIntegration.lambdaFunction(echo) }).allowAllClients();
  for (const name of issuedFor) mesh.addClient(name);
  add({ mesh, stack, partners });
  return app;
}

let partner: PartnerAuthority;
let other: PartnerAuthority;
let billing: TlsCredentials;
let shipping: TlsCredentials;
let returns: TlsCredentials;
let sandbox: Sandbox;
let anchorVersion: string;

/** The partner's anchor stands in the bucket, the other one's in the template. */
const addAnchors = ({ mesh, partners }: Members): TrustAnchor => {
  mesh.addTrustAnchor('other', TrustAnchorSource.fromPem(other.chain));
  const source = TrustAnchorSource.fromBucketObject(partners, 'roots/partner.pem', anchorVersion);
  return mesh.addTrustAnchor('partner', source);
};
const addClients = ({ mesh }: Members, trustAnchor: TrustAnchor) => {
  const identities = {
    billing: ExternalIdentity.spiffeId('spiffe://partner.example.com/billing'),
    shipping: ExternalIdentity.subject(partner.print(shipping, '-subject', '-nameopt', 'RFC2253')),
    returns: ExternalIdentity.fingerprint(partner.print(returns, '-fingerprint', '-sha256')),
  };
  for (const [name, identity] of Object.entries(identities)) mesh.addExternalClient(name, { trustAnchor, identity });
};
const anchored = (members: Members) => addClients(members, addAnchors(members));

const operated = () => ({ ...awsMesh('mesh.example.com', sandboxAccess(sandbox)), now: () => sandbox.now });
const statusOf = async (caller: TlsCredentials | string) => (await sandbox.fetch(caller, WHO_AM_I)).status;
const forget = () => sandbox.advance(MEMORY_MILLISECONDS);
/** The first part of each key in the registry, without certificates. */
/** Without what removed clients leave for a day. */
async function registered(): Promise<string[]> {
  const dynamodb = new DynamoDBClient(sandboxAccess(sandbox));
  const { Items = [] } = await dynamodb.send(new ScanCommand({ TableName: 'mtls-mesh.mesh.example.com' }));
  dynamodb.destroy();
  return Items.filter(({ sortKey, clientName }) => clientName && ['CLIENT', 'IDENTITY'].includes(String(sortKey?.S)))
    .map(({ partitionKey, clientName }) => `${partitionKey?.S?.split('#')[0]} ${clientName?.S}`)
    .sort();
}
const CLIENTS = ['CLIENT billing', 'CLIENT mail', 'CLIENT returns', 'CLIENT shipping'];
/** One for each authority of the anchor. */
const identitiesOf = (...names: string[]) => names.flatMap((name) => [`IDENTITY ${name}`, `IDENTITY ${name}`]);

beforeAll(async () => {
  partner = new PartnerAuthority('Partner', 50);
  other = new PartnerAuthority('Other');
  billing = partner.issue({ subject: '/CN=any', names: ['URI:spiffe://partner.example.com/billing', 'DNS:any'] });
  shipping = partner.issue({ subject: SHIPPING_SUBJECT });
  returns = partner.issue({ subject: '/CN=returns' });
  sandbox = await Sandbox.deploy(appOf());
  const s3 = new S3Client({ ...sandboxAccess(sandbox), forcePathStyle: true });
  const object = { Bucket: sandbox.outputs['PartnersName'], Key: 'roots/partner.pem', Body: partner.chain };
  anchorVersion = (await s3.send(new PutObjectCommand(object))).VersionId ?? '';
  s3.destroy();
  await expect(sandbox.fetch(billing, WHO_AM_I)).rejects.toThrow(TlsRequestError);
  await sandbox.update(appOf(anchored));
}, 180_000);

afterAll(async () => {
  await sandbox?.close();
  partner?.remove();
  other?.remove();
});

test.each([
  ['SPIFFE ID', 'billing', () => billing],
  ['subject', 'shipping', () => shipping],
  ['fingerprint', 'returns', () => returns],
])(
  'a client of a trust anchor gets through by %s, under its name in the mesh',
  async (_kind, clientName, credentials) => {
    const answer = await sandbox.fetch(credentials(), WHO_AM_I);
    const forged = await sandbox.fetch(credentials(), WHO_AM_I, { headers: { 'x-mesh-client-name': 'mail' } });

    expect([answer.status, forged.status]).toEqual([200, 403]);
    expect(await answer.json()).toEqual({
      'x-mesh-client-name': clientName,
      'x-mesh-spiffe-id': `spiffe://mesh.example.com/${clientName}`,
      'x-mesh-certificate-serial-number': partner.print(credentials(), '-serial'),
      'x-mesh-grant': 'ANY /whoami/*',
      'x-mesh-certificate-fingerprint': partner.print(credentials(), '-fingerprint', '-sha256'),
    });
  },
);

test('an anchor gains no names of the mesh: a certificate of it with one is refused', async () => {
  for (const name of ['mail', 'billing', 'unknown', 'mail/admin']) {
    const forged = partner.issue({ subject: SHIPPING_SUBJECT, names: [`URI:spiffe://mesh.example.com/${name}`] });
    expect(await statusOf(forged)).toBe(403);
  }
  expect(await statusOf('mail')).toBe(200);
});

test('the same names from another anchor are refused', async () => {
  const uri = 'URI:spiffe://partner.example.com/billing';
  for (const names of [[], [uri]]) {
    expect(await statusOf(other.issue({ subject: SHIPPING_SUBJECT, names }))).toBe(403);
  }
});

test('the same names from an authority that copies the anchor’s are refused in the handshake', async () => {
  const impostor = new PartnerAuthority('Partner');
  const forged = impostor.issue({ subject: SHIPPING_SUBJECT });
  impostor.remove();
  expect(impostor.chain).not.toBe(partner.chain);

  await expect(sandbox.fetch(forged, WHO_AM_I)).rejects.toThrow(TlsRequestError);
});

test.each<[string, () => TlsCredentials]>([
  ['of nobody', () => partner.issue({ subject: '/CN=nobody' })],
  [
    'with another SPIFFE ID',
    () => partner.issue({ subject: '/CN=x', names: ['URI:spiffe://partner.example.com/other'] }),
  ],
  [
    'with a second SPIFFE ID',
    () =>
      partner.issue({
        subject: SHIPPING_SUBJECT,
        names: ['URI:spiffe://partner.example.com/billing', 'URI:spiffe://partner.example.com/other'],
      }),
  ],
  [
    'with a URI that is no SPIFFE ID',
    () => partner.issue({ subject: SHIPPING_SUBJECT, names: ['URI:https://partner.example.com/billing'] }),
  ],
  ['whose subject goes on', () => partner.issue({ subject: `${SHIPPING_SUBJECT}/CN=admin` })],
  ['whose subject is in another order', () => partner.issue({ subject: '/CN=shipping/O=Partner, Inc./C=DE' })],
  ['whose subject is in another case', () => partner.issue({ subject: '/C=DE/O=Partner, Inc./CN=Shipping' })],
  ['that renews one known by fingerprint', () => partner.issue({ subject: '/CN=returns' })],
])('a certificate of the anchor %s is refused', async (_case, issue) => {
  expect(await statusOf(issue())).toBe(403);
});

test('a renewed certificate is let in where SPIFFE ID or subject is what counts', async () => {
  const names = ['URI:spiffe://partner.example.com/billing'];
  expect(await statusOf(partner.issue({ subject: '/CN=renewed', names }))).toBe(200);
  expect(await statusOf(partner.issue({ subject: SHIPPING_SUBJECT }))).toBe(200);
});

test('a server’s certificate of the anchor lets in nobody, whatever its subject', async () => {
  const server = partner.issue({ subject: SHIPPING_SUBJECT, purpose: 'serverAuth' });
  const status = await statusOf(server).catch((error: unknown) => error);
  expect(status instanceof TlsRequestError || status === 403).toBe(true);
});

test('an operator sees external clients, and cuts one off within the authorizer’s memory', async () => {
  const mesh = operated();
  expect((await listClients(mesh)).map(({ client }) => client)).toMatchObject([
    { clientName: 'billing', trustAnchor: 'partner', identityKind: 'SPIFFE_ID' },
    { clientName: 'mail', secretId: expect.any(String) },
    { clientName: 'returns', trustAnchor: 'partner', identityKind: 'FINGERPRINT' },
    { clientName: 'shipping', identityValue: 'CN=shipping,O=Partner\\, Inc.,C=DE' },
  ]);
  await expect(rotateClient(mesh, 'billing')).rejects.toThrow('disable the client to refuse it');

  await setClientState(mesh, 'billing', 'DISABLED');
  await forget();
  expect([await statusOf(billing), await statusOf(shipping), await statusOf('mail')]).toEqual([403, 200, 200]);

  await setClientState(mesh, 'billing', 'ENABLED');
  await forget();
  expect(await statusOf(billing)).toBe(200);
});

test('the hourly look over the registry sees that the anchor’s authority expires first', async () => {
  await sandbox.advance(3_600_000);

  const issuer = Object.entries(sandbox.logs()).find(([group]) => group.includes('IssuerMaintenance'))?.[1] ?? [];
  const days = issuer.flatMap((line) => /"DaysToAuthorityExpiry":([\d.]+)/.exec(line)?.[1] ?? []);
  expect(Number(days.at(-1))).toBeGreaterThan(48);
  expect(Number(days.at(-1))).toBeLessThan(50);
});

test('a changed identity holds at once, and the one before ends', async () => {
  const identity = ExternalIdentity.spiffeId('spiffe://partner.example.com/returns');
  await sandbox.update(
    appOf((members) => {
      const trustAnchor = addAnchors(members);
      members.mesh.addExternalClient('returns', { trustAnchor, identity });
    }),
  );
  await forget();

  const names = ['URI:spiffe://partner.example.com/returns'];
  expect(await statusOf(partner.issue({ subject: '/CN=x', names }))).toBe(200);
  expect([await statusOf(returns), await statusOf(billing), await statusOf(shipping)]).toEqual([403, 403, 403]);
  expect(await registered()).toEqual(['CLIENT mail', 'CLIENT returns', ...identitiesOf('returns')]);

  await sandbox.update(appOf(anchored));
  await forget();
  expect([await statusOf(returns), await statusOf(billing), await statusOf(shipping)]).toEqual([200, 200, 200]);
});

test('an identity that stands for another client fails the deployment, and changes nothing', async () => {
  const twice = appOf((members) => {
    const trustAnchor = addAnchors(members);
    addClients(members, trustAnchor);
    const token = new CfnParameter(members.stack, 'Id', { default: 'spiffe://partner.example.com/billing' });
    const identity = ExternalIdentity.spiffeId(token.valueAsString);
    members.mesh.addExternalClient('thief', { trustAnchor, identity });
  });

  await expect(sandbox.update(twice)).rejects.toThrow(
    /SPIFFE_ID "spiffe:\/\/partner\.example\.com\/billing" of ".*" already identifies client billing, and can't identify thief as well/,
  );
  await forget();
  expect(await statusOf(billing)).toBe(200);
  expect(await registered()).toEqual([...CLIENTS, ...identitiesOf('billing', 'returns', 'shipping')].sort());
});

test('a client changes from certificates of the anchor to certificates of the mesh and back, each in one deployment', async () => {
  await setClientState(operated(), 'shipping', 'DISABLED');
  await sandbox.update(
    appOf((members) => {
      addAnchors(members);
      for (const name of ['billing', 'shipping']) members.mesh.addClient(name);
    }),
  );
  await forget();
  expect([await statusOf('billing'), await statusOf(billing)]).toEqual([200, 403]);
  // The state is the client's, whoever issues for it.
  expect([await statusOf('shipping'), await statusOf(shipping)]).toEqual([403, 403]);
  expect(await registered()).toEqual(['CLIENT billing', 'CLIENT mail', 'CLIENT shipping']);

  const before = await sandbox.clientSecret('billing');
  await setClientState(operated(), 'shipping', 'ENABLED');
  await sandbox.update(appOf(anchored));
  await forget();
  expect([await statusOf(billing), await statusOf(shipping), await statusOf(before)]).toEqual([200, 200, 403]);
  expect(await registered()).toEqual([...CLIENTS, ...identitiesOf('billing', 'returns', 'shipping')].sort());
});

test('a deployment that fails once clients have changed leaves them as they were', async () => {
  const broken = appOf((members) => {
    const { mesh, stack } = members;
    const trustAnchor = addAnchors(members);
    const changed = [
      mesh.addClient('billing'),
      mesh.addExternalClient('mail', { trustAnchor, identity: ExternalIdentity.subject('CN=mail') }),
    ];
    const token = new CfnParameter(stack, 'Id', { default: 'nonsense' });
    const identity = ExternalIdentity.spiffeId(token.valueAsString);
    mesh.addExternalClient('broken', { trustAnchor, identity }).node.addDependency(...changed);
  }, []);
  await expect(sandbox.update(broken)).rejects.toThrow('IdentityValue must be a SPIFFE ID');
  await forget();

  expect([await statusOf(billing), await statusOf('mail')]).toEqual([200, 200]);
  expect(await statusOf(partner.issue({ subject: '/CN=mail' }))).toBe(403);
  expect(await registered()).toEqual([...CLIENTS, ...identitiesOf('billing', 'returns', 'shipping')].sort());
});

test('without anchor and clients nothing is left of them, and the handshake refuses', async () => {
  await sandbox.update(appOf());
  await forget();

  expect(await registered()).toEqual(['CLIENT mail']);
  for (const caller of [billing, shipping, returns]) {
    await expect(sandbox.fetch(caller, WHO_AM_I)).rejects.toThrow(TlsRequestError);
  }
  expect(await statusOf('mail')).toBe(200);
});
