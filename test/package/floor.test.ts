import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { install, node, peerDependencies, pinned, tarball } from './packed';

const TOOLS = pinned(
  '@aws-sdk/client-dynamodb',
  '@aws-sdk/client-secrets-manager',
  '@types/aws-lambda',
  '@types/node',
  'esbuild',
  'typescript',
);

const APP = `
import { App } from 'aws-cdk-lib';
import { ScheduleMeshStack } from './examples/schedule/schedule-mesh-stack';
import { ServiceMeshStack } from './examples/service-mesh/service-mesh-stack';

const domainName = 'mesh.example.com';
const app = new App({ outdir: 'cdk.out' });
new ScheduleMeshStack(app, 'Schedule', { domainName, hostedZone: { hostedZoneId: 'Z1', zoneName: 'example.com' } });
const certificateArn = 'arn:aws:acm:us-east-1:123456789012:certificate/1';
new ServiceMeshStack(app, 'Services', { domainName, certificateArn });
app.synth();
`;

/**
 * Type-checks and synthesizes the packed examples. The resources of their meshes by stack, without the hashes of assets: the
 * CDK itself has changed what it makes of other constructs.
 */
function meshesOf(directory: string): Readonly<Record<string, object>> {
  cpSync(join(directory, 'node_modules', 'cdk-mtls-service-mesh', 'examples'), join(directory, 'examples'), {
    recursive: true,
  });
  writeFileSync(join(directory, 'app.ts'), APP);
  writeFileSync(join(directory, 'every-class.ts'), readFileSync(join(__dirname, 'every-class.ts.txt')));
  const options = ['--strict', '--target', 'es2022', '--module', 'node20', '--types', 'node'];
  expect(node(directory, 'node_modules/typescript/bin/tsc', ...options, 'app.ts', 'every-class.ts')).toBe('');
  node(directory, 'app.js');
  const out = join(directory, 'cdk.out');
  const templates = readdirSync(out).filter((file) => file.endsWith('.template.json'));
  return Object.fromEntries(
    templates.map((file) => {
      const text = readFileSync(join(out, file), 'utf8').replaceAll(/\b[0-9a-f]{64}\b/g, 'hash');
      const resources = Object.entries(JSON.parse(text).Resources);
      return [file, Object.fromEntries(resources.filter(([logicalId]) => logicalId.startsWith('Mesh')))];
    }),
  );
}

test('the examples type-check and have the same meshes with the oldest CDK and the newest', () => {
  const floor = Object.entries(peerDependencies).map(([name, range]) => `${name}@${range.replace('^', '')}`);
  expect(floor).toEqual([expect.stringMatching(/^aws-cdk-lib@2\.\d+\.0$/), expect.stringMatching(/^constructs@10\./)]);
  const oldest = meshesOf(install('oldest', [tarball(), ...floor, ...TOOLS]));
  const newest = meshesOf(install('newest', [tarball(), ...pinned('aws-cdk-lib', 'constructs'), ...TOOLS]));
  expect(Object.keys(newest)).toEqual(['Schedule.template.json', 'Services.template.json']);
  for (const mesh of Object.values(newest)) expect(Object.keys(mesh).length).toBeGreaterThan(40);
  expect(oldest).toEqual(newest);
});
