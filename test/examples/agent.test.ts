/** The examples that run the agent: their command lines by its parser, and their forms by the programs that read them. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { ContainerImage } from 'aws-cdk-lib/aws-ecs';
import { Command } from 'commander';
import { addAgentCommand } from '../../bin/agent/command';
import { AgentTask } from '../../examples/agent/agent-task';
import { version } from '../../package.json';
import { exampleMesh } from '../example-mesh';
import { testWith } from '../programs';

const EXAMPLES = join(__dirname, '..', '..', 'examples', 'agent');
const read = (name: string) => readFileSync(join(EXAMPLES, name), 'utf8');

/** The options that the agent gets from the arguments. Fails for those that it refuses. */
async function accepted(args: readonly string[]): Promise<object> {
  const run = jest.fn(async () => undefined);
  const program = new Command('mtls-mesh').exitOverride();
  addAgentCommand(program, () => ({ runAgent: run }));
  for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => undefined });
  await program.parseAsync(['agent', ...args], { from: 'user' });
  return (run.mock.calls as unknown as [[object]])[0][0];
}

/** As systemd splits a line: words, and single quotes around some. */
function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

describe('the unit of systemd', () => {
  const lines = [
    ...read('mtls-mesh-agent.service').matchAll(/^Exec(Start|StartPre)=\/usr\/bin\/env mtls-mesh agent (.*)$/gm),
  ];

  test('has command lines that the agent accepts', async () => {
    const [first, always] = await Promise.all(lines.map(([, , line = '']) => accepted(wordsOf(line))));
    const client = new Map([['mail', '/etc/mtls-mesh/mail']]);
    expect(first).toMatchObject({ once: true, client });
    expect(always).toMatchObject({ reload: 'systemctl try-reload-or-restart nginx.service', client });
  });

  testWith('systemd-analyze')('is one that systemd accepts', () => {
    const args = ['verify', '--man=no', join(EXAMPLES, 'mtls-mesh-agent.service')];
    const { stderr, stdout } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
    expect((stdout + stderr).split('\n').filter((line) => line.includes('mtls-mesh-agent'))).toEqual([]);
  });
});

test('the image has the version of this package', () => {
  expect(read('Dockerfile')).toContain(`cdk-mtls-service-mesh@${version} `);
});

describe('the task of ECS', () => {
  let template: Template;

  beforeAll(() => {
    const stack = new Stack(new App(), 'Tasks');
    const image = ContainerImage.fromRegistry('registry.example.com/agent:1');
    new AgentTask(stack, 'Mail', { mesh: exampleMesh(stack), clientName: 'mail', agentImage: image, appImage: image });
    template = Template.fromStack(stack);
  });

  const containers = () => {
    const [task] = Object.values(template.findResources('AWS::ECS::TaskDefinition'));
    return task?.['Properties'].ContainerDefinitions as {
      readonly Name: string;
      readonly Command?: readonly string[];
      readonly DependsOn?: readonly object[];
      readonly MountPoints: readonly object[];
    }[];
  };

  test('has command lines that the agent accepts', async () => {
    const [first, agent] = await Promise.all(
      containers()
        .slice(0, 2)
        .map(({ Command = [] }) => accepted(Command)),
    );
    expect(first).toMatchObject({ once: true, mesh: 'mesh.example.com' });
    expect(agent).toMatchObject({
      listen: { host: '127.0.0.1', port: 9099 },
      client: new Map([['mail', '/etc/mtls-mesh/mail']]),
    });
  });

  test('starts the app when its files are there, which it can only read', () => {
    const app = containers().find(({ Name }) => Name === 'App');
    expect(app?.DependsOn).toEqual([{ Condition: 'SUCCESS', ContainerName: 'FirstCertificate' }]);
    expect(app?.MountPoints).toEqual([
      { ContainerPath: '/etc/mtls-mesh', ReadOnly: true, SourceVolume: 'certificates' },
    ]);
  });

  test('may read the secret of its client, and no other', () => {
    const policies = Object.entries(template.findResources('AWS::IAM::Policy'));
    const [, policy] = policies.find(([logicalId]) => logicalId.startsWith('MailTaskTaskRole')) ?? [];
    const statements: readonly { Action: unknown }[] = policy?.['Properties'].PolicyDocument.Statement;
    expect(statements.map(({ Action }) => Action)).toEqual([
      ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'],
    ]);
  });

  testWith('cfn-lint')('is one that CloudFormation accepts', () => {
    const directory = mkdtempSync(join(tmpdir(), 'agent-task-'));
    const path = join(directory, 'task.template.json');
    writeFileSync(path, JSON.stringify(template.toJSON()));
    const { stdout, status } = spawnSync('cfn-lint', ['--ignore-checks', 'W', '--', path], { encoding: 'utf8' });
    rmSync(directory, { recursive: true });
    expect([stdout, status]).toEqual(['', 0]);
  });
});
