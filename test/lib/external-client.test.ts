import { CfnParameter } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { ExternalClient, ExternalIdentity, type MtlsServiceMesh, type TrustAnchor, TrustAnchorSource } from '../../lib';
import { createRoot } from '../pki/authorities';
import { dependenciesOf, newMesh, newStack, onlyResource, resourcesOf, resourcesOfType } from './mesh-stack';

const REGISTRATION = 'Custom::MtlsExternalClient';
const FOREIGN = 'spiffe://partner.example.com/billing';
const FINGERPRINT = Array(32).fill('AB').join(':');

let pem: string;
beforeAll(async () => {
  pem = (await createRoot('Partner Root')).pem;
});

function withAnchor(stack = newStack()) {
  const mesh = newMesh(stack);
  return { stack, mesh, trustAnchor: mesh.addTrustAnchor('partner', TrustAnchorSource.fromPem(pem)) };
}

test('a client is one resource, which the issuer registers', () => {
  const { stack, mesh, trustAnchor } = withAnchor();
  const bare = withAnchor().stack;
  const client = mesh.addExternalClient('billing', { trustAnchor, identity: ExternalIdentity.spiffeId(FOREIGN) });
  const serviceToken = stack.resolve(mesh.issuer.deploymentHandler.functionArn);

  expect(client).toMatchObject({ clientName: 'billing', spiffeId: 'spiffe://mesh.example.com/billing' });
  expect(onlyResource(stack, REGISTRATION).Properties).toEqual({
    ServiceToken: serviceToken,
    ServiceTimeout: '900',
    SpiffeId: 'spiffe://mesh.example.com/billing',
    TrustAnchorName: 'partner',
    TrustAnchor: { Pem: pem },
    IdentityKind: 'SPIFFE_ID',
    IdentityValue: FOREIGN,
  });
  expect(Object.keys(resourcesOf(stack))).toHaveLength(Object.keys(resourcesOf(bare)).length + 1);
});

test('a client is registered once the gateway trusts its anchor', () => {
  const { stack, mesh, trustAnchor } = withAnchor();
  mesh.addExternalClient('billing', { trustAnchor, identity: ExternalIdentity.subject('CN=billing') });

  const dependencies = dependenciesOf(resourcesOf(stack), onlyResource(stack, REGISTRATION).logicalId);
  expect(dependencies).toContain(onlyResource(stack, 'Custom::MtlsTruststore').logicalId);
  expect(dependencies).toContain(onlyResource(stack, 'Custom::MtlsDomainTruststore').logicalId);
});

test.each<[string, string, ExternalIdentity]>([
  ['SPIFFE_ID', FOREIGN, ExternalIdentity.spiffeId(FOREIGN)],
  ['SUBJECT', 'CN=billing,O=Partner\\, Inc.', ExternalIdentity.subject('CN=billing,O=Partner\\, Inc.')],
  ['FINGERPRINT', FINGERPRINT, ExternalIdentity.fingerprint(FINGERPRINT)],
])('a client can be recognized by %s', (IdentityKind, IdentityValue, identity) => {
  const { stack, mesh, trustAnchor } = withAnchor();
  mesh.addExternalClient('billing', { trustAnchor, identity });

  expect(onlyResource(stack, REGISTRATION).Properties).toMatchObject({ IdentityKind, IdentityValue });
});

test('the issuer may read the anchor’s object, once for all clients of it', () => {
  const stack = newStack();
  const mesh = newMesh(stack);
  const bucket = s3.Bucket.fromBucketName(stack, 'Partners', 'partners');
  const source = TrustAnchorSource.fromBucketObject(bucket, 'partner.pem', 'v7');
  const trustAnchor = mesh.addTrustAnchor('partner', source);
  for (const name of ['billing', 'shipping']) {
    mesh.addExternalClient(name, { trustAnchor, identity: ExternalIdentity.subject(`CN=${name}`) });
  }

  const statements = Object.entries(resourcesOfType(stack, 'AWS::IAM::Policy')).flatMap(([id, { Properties }]) => {
    const { Statement } = Properties['PolicyDocument'] as { Statement: { Action: unknown; Resource: unknown }[] };
    return Statement.filter(({ Action, Resource }) => {
      const isOfAnchor = JSON.stringify(Resource).includes('partners');
      return isOfAnchor && Action === 's3:GetObjectVersion';
    }).map(({ Resource }) => [id.replace(/[0-9A-F]{8}$/, ''), Resource]);
  });
  const object = { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':s3:::partners/partner.pem']] };
  expect(statements).toEqual([
    ['MeshTruststorePublisherRoleDefaultPolicy', object],
    ['MeshIssuerDeploymentRoleDefaultPolicy', object],
  ]);
  expect(onlyResource(stack, 'Custom::MtlsTruststore').Properties['TrustAnchors']).toHaveLength(1);
});

describe('synthesis refuses', () => {
  const add = (mesh: MtlsServiceMesh, trustAnchor: TrustAnchor, identity: ExternalIdentity, name = 'billing') =>
    mesh.addExternalClient(name, { trustAnchor, identity });

  test('the name of another client of either kind', () => {
    const { mesh, trustAnchor } = withAnchor();
    mesh.addClient('mail');
    add(mesh, trustAnchor, ExternalIdentity.subject('CN=billing'));
    const rule = (name: string) => `Test/Mesh: client name must be unique within the mesh, got "${name}" twice`;

    expect(() => add(mesh, trustAnchor, ExternalIdentity.subject('CN=mail'), 'mail')).toThrow(rule('mail'));
    expect(() => add(mesh, trustAnchor, ExternalIdentity.subject('CN=other'))).toThrow(rule('billing'));
    expect(() => mesh.addClient('billing')).toThrow(rule('billing'));
  });

  test.each<[string, ExternalIdentity, ExternalIdentity]>([
    ['SPIFFE ID', ExternalIdentity.spiffeId(FOREIGN), ExternalIdentity.spiffeId(FOREIGN)],
    ['subject', ExternalIdentity.subject('CN=\\C3\\BC'), ExternalIdentity.subject('CN=\u00fc')],
    ['fingerprint', ExternalIdentity.fingerprint(FINGERPRINT), ExternalIdentity.fingerprint(FINGERPRINT.toLowerCase())],
  ])('the same %s for two clients of one anchor', (_kind, identity, same) => {
    const { mesh, trustAnchor } = withAnchor();
    add(mesh, trustAnchor, identity);

    expect(() => add(mesh, trustAnchor, same, 'shipping')).toThrow(
      /^Test\/Mesh\/Client-shipping: identity must be unique within the trust anchor, got ".*", which belongs to Test\/Mesh\/Client-billing$/,
    );
  });

  test('nothing about the same identity of two anchors: each is somebody else', async () => {
    const { stack, mesh, trustAnchor } = withAnchor();
    const second = mesh.addTrustAnchor('second', TrustAnchorSource.fromPem((await createRoot('Second')).pem));
    add(mesh, trustAnchor, ExternalIdentity.spiffeId(FOREIGN));
    add(mesh, second, ExternalIdentity.spiffeId(FOREIGN), 'shipping');

    expect(Object.keys(resourcesOfType(stack, REGISTRATION))).toHaveLength(2);
  });

  test.each<[string, ExternalIdentity]>([
    [
      "must not be in the mesh's own trust domain (mesh.example.com)",
      ExternalIdentity.spiffeId('spiffe://mesh.example.com/mail'),
    ],
    ["must not be in the mesh's own trust domain", ExternalIdentity.spiffeId('spiffe://mesh.example.com/mail/admin')],
    [
      'must be a SPIFFE ID, spiffe://<trust domain>/<path>',
      ExternalIdentity.spiffeId('spiffe://MESH.example.com/mail'),
    ],
    ['must be a SPIFFE ID', ExternalIdentity.spiffeId('')],
    ['must be a subject as `openssl', ExternalIdentity.subject('C=DE, O=Partner, CN=billing')],
    ['must be a subject as `openssl', ExternalIdentity.subject('billing')],
    ['must be 32 hexadecimal pairs separated by colons', ExternalIdentity.fingerprint('AB:CD')],
    ['must be 32 hexadecimal pairs separated by colons', ExternalIdentity.fingerprint(FINGERPRINT.replaceAll(':', ''))],
  ])('an identity that %s', (rule, identity) => {
    const { mesh, trustAnchor } = withAnchor();
    expect(() => add(mesh, trustAnchor, identity)).toThrow(`Test/Mesh/Client-billing: identity ${rule}`);
  });

  test('a client name that is none', () => {
    const { mesh, trustAnchor } = withAnchor();
    const identity = ExternalIdentity.subject('CN=billing');
    expect(() => add(mesh, trustAnchor, identity, 'Billing')).toThrow('client name must be a DNS label');
    expect(
      () => new ExternalClient(mesh, 'Own', { clientName: 'a/b', issuer: mesh.issuer, trustAnchor, identity }),
    ).toThrow('Test/Mesh/Own: clientName must be a DNS label');
  });

  test('nothing about tokens, which only CloudFormation can read', () => {
    const { stack, mesh, trustAnchor } = withAnchor();
    const token = new CfnParameter(stack, 'Identity').valueAsString;
    add(mesh, trustAnchor, ExternalIdentity.spiffeId(token));
    add(mesh, trustAnchor, ExternalIdentity.spiffeId(token), 'shipping');

    const registrations = Object.values(resourcesOfType(stack, REGISTRATION));
    expect(registrations.map(({ Properties }) => Properties['IdentityValue'])).toEqual(
      Array(2).fill({ Ref: 'Identity' }),
    );
  });
});
