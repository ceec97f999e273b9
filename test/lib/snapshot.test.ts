import { CfnParameter, Duration, RemovalPolicy, type Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { CertificateAuthority, type ICertificateAuthority, MeshIntegration, SigningAlgorithm } from '../../lib';
import { newFunction, newMesh, newStack, resourcesOf } from './mesh-stack';

function existing(stack: Stack): ICertificateAuthority {
  return CertificateAuthority.fromCertificateAuthorityAttributes(stack, 'Authority', {
    certificateAuthorityArn:
      'arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/11111111-2222-3333-4444-555555555555',
    certificateChain: new CfnParameter(stack, 'CertificateChain').valueAsString,
    signingAlgorithm: SigningAlgorithm.SHA256WITHRSA,
    longestCertificateValidity: Duration.days(7),
  });
}

test.each([
  ['a short-lived root', (stack: Stack) => CertificateAuthority.shortLivedRoot(stack, 'Authority')],
  ['a short-lived subordinate', (stack: Stack) => CertificateAuthority.shortLivedSubordinate(stack, 'Authority')],
  [
    'a general-purpose subordinate',
    (stack: Stack) => CertificateAuthority.generalPurposeSubordinate(stack, 'Authority'),
  ],
  ['an existing authority', existing],
])('the template of a small mesh under %s', (_kind, createAuthority) => {
  const stack = newStack();
  const mesh = newMesh(stack, { certificateAuthority: createAuthority(stack), removalPolicy: RemovalPolicy.DESTROY });
  mesh.addClient('mail');
  mesh.addService('schedule', { integration: MeshIntegration.lambdaFunction(newFunction(stack)) });
  mesh.addService('groups', { integration: MeshIntegration.http('https://groups.example.com') });

  expect(withoutAssetHashes(resourcesOf(stack))).toMatchSnapshot();
});

test('what a client that keeps its own key adds to the template', () => {
  const before = newStack();
  newMesh(before);
  const stack = newStack();
  const mesh = newMesh(stack);
  const role = new iam.Role(stack, 'MailApp', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') });
  mesh.addClient('mail', { ownKey: true }).grantRequest(role);

  const known = Object.keys(resourcesOf(before));
  const added = Object.entries(resourcesOf(stack)).filter(([id]) => !known.includes(id));
  expect(withoutAssetHashes(Object.fromEntries(added))).toMatchSnapshot();
});

/** A bundle's hash changes with every change of its code. */
function withoutAssetHashes(resources: object): object {
  return JSON.parse(JSON.stringify(resources).replace(/[0-9a-f]{64}\.zip/g, '<asset>.zip'));
}
