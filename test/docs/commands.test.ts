/** The `mtls-mesh` commands in the pages, by the parser of the command itself. */
import { spawnSync } from 'node:child_process';
import { Command } from 'commander';
import { addAgentCommand } from '../../bin/agent/command';
import { addCanCommand } from '../../bin/can/command';
import { addConfigCommand } from '../../bin/config/command';
import { addConsoleCommand } from '../../bin/console/command';
import { addDisableCommand } from '../../bin/disable/command';
import { addDoctorCommand } from '../../bin/doctor/command';
import { addEnableCommand } from '../../bin/enable/command';
import { addFetchCommand } from '../../bin/fetch/command';
import { addGraphCommand } from '../../bin/graph/command';
import { addListCommand } from '../../bin/list/command';
import { addRequestCommand } from '../../bin/request/command';
import { addRevokeCommand } from '../../bin/revoke/command';
import { addRotateCommand } from '../../bin/rotate/command';
import { addShowCommand } from '../../bin/show/command';
import { addUpCommand } from '../../bin/up/command';
import { COMMAND } from '../bin/shared/command';
import { commandLinesOf, PAGES, readPage } from './markdown';

/** The command, whose work is to do nothing. */
function command(): Command {
  const nothing = async () => undefined;
  const program = new Command('mtls-mesh').exitOverride();
  addUpCommand(program, () => ({ runUp: nothing }));
  addAgentCommand(program, () => ({ runAgent: nothing }));
  addFetchCommand(program, () => ({ runFetch: nothing }));
  addRequestCommand(program, () => ({ runRequest: nothing }));
  addConfigCommand(program, () => ({ runConfig: () => undefined }));
  addDoctorCommand(program, () => ({ runDoctor: nothing }));
  addListCommand(program, () => ({ runList: nothing }));
  addShowCommand(program, () => ({ runShow: nothing }));
  addRevokeCommand(program, () => ({ runRevoke: nothing }));
  addDisableCommand(program, () => ({ runDisable: nothing }));
  addEnableCommand(program, () => ({ runEnable: nothing }));
  addRotateCommand(program, () => ({ runRotate: nothing }));
  addCanCommand(program, () => ({ runCan: nothing }));
  addGraphCommand(program, () => ({ runGraph: nothing }));
  addConsoleCommand(program, () => ({ runConsole: nothing }));
  for (const one of program.commands) one.exitOverride().configureOutput({ writeErr: () => undefined });
  return program;
}

/** Whether the line shows what the command takes, and is not a command to paste. */
const isSynopsis = (line: string) => line.includes('[');

/** With values in the place of what the reader fills in. */
function argumentsOf(line: string): readonly string[] {
  const words = line.replaceAll('…', 'abc').matchAll(/'([^']*)'|(\S+)/g);
  return [...words].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

function commandsOf(page: string): readonly string[] {
  const markdown = readPage(page);
  const inline = [...markdown.matchAll(/`((?:npx )?mtls-mesh [^`]*)`/g)].map(([, line = '']) => line);
  return [...commandLinesOf(markdown), ...inline.filter((line) => !line.includes('…'))]
    .filter((line) => /^(npx )?mtls-mesh /.test(line))
    .map((line) => line.replace(/^npx /, '').replaceAll(/\s+/g, ' '));
}

/** The command as it ships, because Jest can't load what completes the shell. */
const isCompletion = ({ line }: { readonly line: string }) => line.startsWith('mtls-mesh completion');

const all = PAGES.flatMap((page) => commandsOf(page).map((line) => ({ page, line })));
const found = all.filter((one) => !isCompletion(one));

test.each(all.filter(isCompletion))('$page has a command that runs: $line', ({ line }) => {
  const { status, stderr } = spawnSync(process.execPath, [COMMAND, ...argumentsOf(line).slice(1)], {
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([0, '']);
});

beforeAll(() => {
  process.env['MTLS_MESH'] = 'mesh.example.com';
  process.env['MTLS_MESH_REQUEST_URL'] = 'https://abc.lambda-url.us-east-1.on.aws/';
});

afterAll(() => {
  delete process.env['MTLS_MESH'];
  delete process.env['MTLS_MESH_REQUEST_URL'];
});

/** A mention, such as `mtls-mesh revoke`, names a command and may leave out what it needs. */
const isMention = (line: string) => argumentsOf(line).length === 2;

test('the pages have commands', () => {
  expect(found.filter(({ line }) => !isMention(line) && !isSynopsis(line)).length).toBeGreaterThan(10);
});

test.each(found.filter(({ line }) => isMention(line)))('$page names a command: $line', ({ line }) => {
  const [, name] = argumentsOf(line);
  expect(['--help', '--version', ...command().commands.map((one) => one.name())]).toContain(name);
});

test.each(found.filter(({ line }) => isSynopsis(line)))('$page shows options that there are: $line', ({ line }) => {
  const [, name] = argumentsOf(line);
  const options = command().commands.find((one) => one.name() === name)?.options ?? [];
  const shown = line.match(/--[a-z-]+/g) ?? [];
  expect(options.map(({ long }) => long)).toEqual(expect.arrayContaining(shown));
});

test.each(found.filter(({ line }) => !isMention(line) && !isSynopsis(line)))(
  '$page has a command that is accepted: $line',
  async ({ line }) => {
    const [, ...rest] = argumentsOf(line);
    await expect(command().parseAsync(rest, { from: 'user' })).resolves.toBeDefined();
  },
);

test.each([
  'list --everything',
  'revoke mail --all',
  'revoke mail --all --serial-number 5E0C --reason KEY_COMPROMISE',
  'request --client mail --url http://example.com/',
  'reboot mail',
])('a command that is not accepted fails: %s', async (line) => {
  const program = command().configureOutput({ writeErr: () => undefined });
  await expect(program.parseAsync(line.split(' '), { from: 'user' })).rejects.toThrow();
});
