import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack, Validations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import {
  CertificateAuthority,
  ExternalIdentity,
  MeshIntegration,
  type MtlsServiceMesh,
  TrustAnchorSource,
} from '../../lib';
import { testWith } from '../programs';
import { newFunction, newMesh } from './mesh-stack';

/** What cdk-nag finds, and why the library does it all the same. */
const ACKNOWLEDGED = [
  {
    id: 'AwsSolutions::AwsSolutions-S1',
    path: 'Test/Mesh/Truststore/Bucket/Resource',
    reason: 'the bucket holds public certificates only, and API Gateway reads it once a deployment',
  },
  {
    id: 'AwsSolutions::AwsSolutions-S1',
    path: 'Test/Mesh/RevocationLists/Bucket/Resource',
    reason: 'the bucket holds public lists only, and servers read them every few minutes',
  },
  ...['Deployment', 'Rotation'].map((id) => ({
    id: 'AwsSolutions::AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:mesh.example.com/*]',
    path: `Test/Mesh/Issuer/${id}/Role/DefaultPolicy/Resource`,
    reason: 'the secrets of one trust domain; a list of them would outgrow the policy at a hundred clients',
  })),
  {
    id: 'AwsSolutions::AwsSolutions-SMG4',
    path: 'Test/Mesh/Service-groups/GatewaySecret/Resource',
    reason: 'a new value takes effect by a deployment, which names its version',
  },
];

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mtls-mesh-validation-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

/** A mesh with what brings most resources. */
function newApp(context: Record<string, unknown> = {}): { app: App; stack: Stack; mesh: MtlsServiceMesh } {
  const app = new App({ outdir: directory, context });
  const stack = new Stack(app, 'Test');
  const hostedZone = route53.HostedZone.fromHostedZoneAttributes(stack, 'Zone', {
    hostedZoneId: 'Z0123456789ABCDEFGHIJ',
    zoneName: 'example.com',
  });
  const mesh = newMesh(stack, {
    hostedZone,
    certificateAuthority: CertificateAuthority.shortLivedSubordinate(stack, 'Authority'),
    certificateAuthoritySuccessors: [
      CertificateAuthority.shortLivedSubordinateOfKmsRoot(stack, 'BelowKms'),
      CertificateAuthority.kmsSubordinate(stack, 'Kms'),
    ],
  });
  mesh.addClient('mail', { dnsNames: ['mail.example.com'] });
  mesh
    .addClient('social', { ownKey: true })
    .grantRequest(new iam.Role(stack, 'SocialApp', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') }));
  const bucket = s3.Bucket.fromBucketName(stack, 'Partners', 'partners');
  const trustAnchor = mesh.addTrustAnchor('partner', TrustAnchorSource.fromBucketObject(bucket, 'partner.pem', 'v7'));
  mesh.addExternalClient('billing', { trustAnchor, identity: ExternalIdentity.subject('CN=billing') });
  mesh.addService('groups', { integration: MeshIntegration.http('https://groups.example.com') });
  return { app, stack, mesh };
}

test("keeps CloudFormation's schemas and the rules of AWS Solutions, but for what is acknowledged here", () => {
  const { app, stack } = newApp({ '@aws-cdk/core:validateAgainstDefaultRules': true });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  for (const { id, reason } of ACKNOWLEDGED) Validations.of(stack).acknowledge({ id, reason });

  const { CDK_VALIDATION } = process.env;
  delete process.env['CDK_VALIDATION'];
  try {
    app.synth();
  } finally {
    process.env['CDK_VALIDATION'] = CDK_VALIDATION;
  }

  const { pluginReports } = JSON.parse(readFileSync(join(directory, 'validation-report.json'), 'utf8'));
  expect(pluginReports).toMatchObject([{ pluginName: 'AwsSolutions', conclusion: 'success', violations: [] }]);
  const suppressed = pluginReports[0].suppressedViolations.flatMap(
    (violation: { acknowledgedId: string; violatingConstructs: { constructPath: string }[] }) =>
      violation.violatingConstructs.map(({ constructPath }) => ({ id: violation.acknowledgedId, path: constructPath })),
  );
  expect(suppressed).toEqual(ACKNOWLEDGED.map(({ id, path }) => ({ id, path })));
}, 60_000);

const testWithCfnLint = testWith('cfn-lint');

testWithCfnLint(
  'cfn-lint has nothing to say',
  () => {
    const { app, stack, mesh } = newApp();
    mesh.addService('schedule', { integration: MeshIntegration.lambdaFunction(newFunction(stack)) });
    app.synth();

    // W3005: the CDK has a function depend on its role as well as refer to it.
    const template = join(directory, 'Test.template.json');
    const { stdout, stderr } = spawnSync('cfn-lint', ['--ignore-checks', 'W3005', '--', template], {
      encoding: 'utf8',
    });
    expect(stdout + stderr).toBe('');
  },
  60_000,
);
