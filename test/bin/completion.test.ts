import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { testWith } from '../programs';
import { COMMAND } from './shared/command';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'completion-'));
  const program = join(directory, 'mtls-mesh');
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${COMMAND}" "$@"\n`);
  chmodSync(program, 0o755);
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Runs a program that finds `mtls-mesh` on its path. */
function run(program: string, ...args: readonly string[]): readonly string[] {
  const PATH = [directory, process.env['PATH']].join(delimiter);
  const env = { PATH, HOME: directory, TERM: 'dumb' };
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: directory, env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`);
  return stdout.split('\n').filter((line) => line !== '');
}

const command = (...args: readonly string[]) => run(process.execPath, COMMAND, ...args);
const completions = (...words: readonly string[]) =>
  command('complete', '--', ...words)
    .filter((line) => !line.startsWith(':'))
    .map((line) => line.split('\t')[0]);

test('every command is completed, except the one that answers shells', () => {
  const help = command('--help').join('\n');
  const listed = [...help.slice(help.indexOf('Commands:')).matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name);
  expect(completions('')).toEqual(listed);
  expect(listed).toEqual(expect.arrayContaining(['up', 'list', 'revoke', 'completion']));
  expect(listed).not.toContain('complete');
});

test.each<[readonly string[], readonly string[]]>([
  [['re'], ['request', 'revoke']],
  [
    ['revoke', '--re'],
    ['--region', '--reason'],
  ],
  [['revoke', 'mail', '--reason', 'K'], ['KEY_COMPROMISE']],
  [
    ['request', '--key-algorithm', 'RSA'],
    ['RSA_2048', 'RSA_3072', 'RSA_4096'],
  ],
  [['completion', 'z'], ['zsh']],
])('completes %j', (words, expected) => {
  expect(completions(...words)).toEqual(expected);
});

testWith('bash')('bash completes with the script', () => {
  // That of bash-completion, for the words below.
  const words = `_get_comp_words_by_ref() { words=(mtls-mesh revoke mail --reason K); cword=4; cur=K; prev=--reason; }`;
  const script = 'source <(mtls-mesh completion bash)';
  const line = `${words}; ${script}; complete -p mtls-mesh; __mtls_mesh_complete 2>/dev/null; echo "$COMPREPLY"`;
  expect(run('bash', '--norc', '-c', line)).toEqual(['complete -F __mtls_mesh_complete mtls-mesh', 'KEY_COMPROMISE']);
});

testWith('fish')('fish completes with the script', () => {
  const line = 'mtls-mesh completion fish | source; complete --do-complete "mtls-mesh revoke mail --reason K"';
  expect(run('fish', '--no-config', '-c', line)).toEqual([expect.stringMatching(/^KEY_COMPROMISE/)]);
});

testWith('zsh')('zsh knows the completion of the script', () => {
  const line = 'autoload -Uz compinit; compinit -u -D; source <(mtls-mesh completion zsh); print $_comps[mtls-mesh]';
  expect(run('zsh', '-f', '-c', line)).toEqual(['_mtls-mesh']);
});

test('PowerShell gets a script that registers a completer', () => {
  expect(command('completion', 'powershell').join('\n')).toMatch(
    /^Register-ArgumentCompleter -CommandName 'mtls-mesh'/m,
  );
});

test('a shell that there is no script for is a wrong command line', () => {
  const { status, stderr } = spawnSync(process.execPath, [COMMAND, 'completion', 'csh'], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([64, expect.stringMatching(/Allowed choices are zsh, bash, fish, powershell/)]);
});
