import { TrustAnchor, TrustAnchorSource } from '../../lib';
import { type Authority, createRoot } from '../pki/authorities';
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
