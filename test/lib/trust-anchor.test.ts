import { createPublicKey } from 'node:crypto';
import { CertificateAuthority, TrustAnchor, TrustAnchorSource } from '../../lib';
import { generatePrivateKey } from '../../pki/keys';
import { randomSerialNumber, signCertificate } from '../../sandbox/x509/certificate';
import { encodeDistinguishedName } from '../../sandbox/x509/names';
import { rootAuthorityExtensions } from '../../sandbox/x509/profiles';
import { type Authority, createRoot, validFor } from '../pki/authorities';
import { newMesh, newStack, onlyResource } from './mesh-stack';

let one: Authority;
let other: Authority;
beforeAll(async () => {
  [one, other] = await Promise.all([createRoot('One'), createRoot('Other')]);
});

test('anchors stand beside the mesh’s own authorities, in the order in which they were added', () => {
  const stack = newStack();
  const mesh = newMesh(stack);
  mesh.addTrustAnchor('one', TrustAnchorSource.fromPem(one.pem));
  new TrustAnchor(mesh, 'Own', {
    trustAnchorName: 'other',
    source: TrustAnchorSource.fromPem(other.pem),
    truststore: mesh.truststore,
  });
  const chain = stack.resolve(mesh.certificateAuthority.certificateChain);

  expect(onlyResource(stack, 'Custom::MtlsTruststore').Properties).toMatchObject({
    CertificateAuthorities: [{ CertificateChain: chain }],
    TrustAnchors: [{ Pem: one.pem }, { Pem: other.pem }],
  });
});

test('a mesh without them has no such property', () => {
  const stack = newStack();
  newMesh(stack);
  expect(onlyResource(stack, 'Custom::MtlsTruststore').Properties).not.toHaveProperty('TrustAnchors');
});

test('synthesis refuses a name twice, and one that is no name', () => {
  const mesh = newMesh(newStack());
  mesh.addTrustAnchor('partner', TrustAnchorSource.fromPem(one.pem));

  expect(() => mesh.addTrustAnchor('partner', TrustAnchorSource.fromPem(other.pem))).toThrow(
    'Test/Mesh: trust anchor name must be unique within the mesh, got "partner" twice',
  );
  expect(() => mesh.addTrustAnchor('Partner\n', TrustAnchorSource.fromPem(other.pem))).toThrow(
    'Test/Mesh: trust anchor name must be a DNS label',
  );
});

test('synthesis refuses two certificates of one subject, and knows one that stands in two anchors', async () => {
  const renewed = await createRoot('One');
  const mesh = newMesh(newStack());
  mesh.addTrustAnchor('partner', TrustAnchorSource.fromPem(one.pem));
  mesh.addTrustAnchor('same', TrustAnchorSource.fromPem(one.pem.replaceAll('\n', '\r\n')));

  expect(() => mesh.addTrustAnchor('renewed', TrustAnchorSource.fromPem(renewed.pem))).toThrow(
    'Test/Mesh/TrustAnchor-renewed: source must not contain the subject of another certificate in the truststore, because ' +
      'API Gateway accepts one certificate of each subject, got "O=Example\\nCN=One", which is also in ' +
      'Test/Mesh/TrustAnchor-partner',
  );
});

test('synthesis refuses the subject of an imported authority of the mesh', async () => {
  const stack = newStack();
  const certificateAuthority = CertificateAuthority.fromCertificateAuthorityAttributes(stack, 'Existing', {
    certificateAuthorityArn:
      'arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/11111111-2222-3333-4444-555555555555',
    certificateChain: one.pem,
  });
  const { pem } = await createRoot('One');
  const mesh = newMesh(stack, { certificateAuthority });
  expect(() => mesh.addTrustAnchor('partner', TrustAnchorSource.fromPem(pem))).toThrow(
    'which is also in Test/Existing',
  );
});

test('synthesis refuses more certificates than API Gateway reads', async () => {
  const privateKey = await generatePrivateKey('EC_prime256v1');
  const rootNamed = (commonName: string) => {
    const [organization, locality] = ['o'.repeat(64), 'l'.repeat(128)];
    const name = encodeDistinguishedName({
      organization,
      organizationalUnit: organization,
      state: locality,
      locality,
      commonName,
    });
    return signCertificate({
      ...validFor(1),
      serialNumber: randomSerialNumber(),
      subject: name,
      issuer: name,
      publicKey: createPublicKey(privateKey),
      extensions: rootAuthorityExtensions(),
      signingKey: privateKey,
      signingAlgorithm: 'SHA256WITHECDSA',
    });
  };
  const fitting = Math.floor(999_999 / (rootNamed('Root 1000').length + 1));
  const roots = Array.from({ length: fitting + 10 }, (_, index) => rootNamed(`Root ${1_000 + index}`));
  const mesh = newMesh(newStack());
  mesh.addTrustAnchor('many', TrustAnchorSource.fromPem(roots.slice(0, fitting).join('')));

  expect(() => mesh.addTrustAnchor('more', TrustAnchorSource.fromPem(roots.slice(fitting).join('')))).toThrow(
    /^Test\/Mesh\/TrustAnchor-more: source must leave the truststore at most 999999 bytes, got 10\d{5}$/,
  );
});
