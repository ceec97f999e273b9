import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileSettings } from '../../../bin/shared/client-files/options';
import { UpDirectory } from '../../../bin/up/up-directory';
import type { ClientSecret } from '../../../mesh/client-secret';
import { createSecret } from '../../client/secrets';
import { createRoot } from '../../pki/authorities';

const SETTINGS: FileSettings = { selection: { formats: ['pem'] }, access: {} };

let parent: string;
let secret: ClientSecret;
let clients: UpDirectory;

beforeAll(async () => {
  secret = await createSecret(await createRoot('Root'));
});
beforeEach(async () => {
  parent = mkdtempSync(join(tmpdir(), 'client-files-'));
  clients = await UpDirectory.open(join(parent, 'clients'), SETTINGS);
});
afterEach(async () => {
  await clients.remove();
  rmSync(parent, { recursive: true, force: true });
});

test('writes the files of a client', async () => {
  await clients.writeClient(secret);

  const files = clients.filesOf('mail');
  expect(readFileSync(files.certificate, 'utf8')).toBe(secret.certificate);
  expect(readFileSync(files.certificateChain, 'utf8')).toBe(secret.certificateChain);
  expect(readFileSync(files.privateKey, 'utf8')).toBe(secret.privateKey);
  expect(Object.values(files).map((file) => statSync(file).mode & 0o777)).toEqual([0o644, 0o644, 0o600]);
});

test('removes what it has written and the directories it has made, and leaves other files', async () => {
  await clients.writeServerAuthority('an authority');
  await clients.writeClient(secret);
  writeFileSync(join(parent, 'clients', 'notes.txt'), 'of somebody else');

  await clients.remove();

  expect(readdirSync(join(parent, 'clients'))).toEqual(['notes.txt']);
});

describe('a directory', () => {
  const PID_FILE = 'mtls-mesh.pid';
  const at = (...names: string[]) => join(parent, 'clients', ...names);

  test('is ignored by Git, and so is each client in one that was there before', async () => {
    expect(readFileSync(at('.gitignore'), 'utf8')).toBe('*\n');
    const project = join(parent, 'project');
    mkdirSync(project);
    const inProject = await UpDirectory.open(project, SETTINGS);
    await inProject.writeClient(secret);
    expect(readdirSync(project).sort()).toEqual(['mail', PID_FILE]);
    expect(readFileSync(join(project, 'mail', '.gitignore'), 'utf8')).toBe('*\n');
    await inProject.remove();
    expect(readdirSync(project)).toEqual([]);
  });

  test('keeps the .gitignore of somebody else', async () => {
    const project = join(parent, 'project');
    mkdirSync(join(project, 'mail'), { recursive: true });
    writeFileSync(join(project, 'mail', '.gitignore'), 'node_modules');
    const inProject = await UpDirectory.open(project, SETTINGS);
    await inProject.writeClient(secret);
    await inProject.remove();
    expect(readFileSync(join(project, 'mail', '.gitignore'), 'utf8')).toBe('node_modules');
  });

  test('is refused while another process uses it, and nothing in it is touched', async () => {
    await clients.writeClient(secret);
    const before = readdirSync(at(), { recursive: true }).sort();

    await expect(UpDirectory.open(at(), SETTINGS)).rejects.toThrow(
      `the directory ${at()} is in use by another \`mtls-mesh up\` (process ${process.pid}): ` +
        `specify another one with --out, or remove ${at(PID_FILE)} if that process is something else`,
    );
    expect(readdirSync(at(), { recursive: true }).sort()).toEqual(before);

    await clients.remove();
    clients = await UpDirectory.open(at(), SETTINGS);
  });

  test.each([
    ['process', String(2 ** 30)],
    ['text', 'what'],
    ['nothing', ''],
    ['group of processes', '-1'],
  ])('is taken over from a killed process, whose file holds a %s that does not run', async (_what, text) => {
    await clients.remove();
    mkdirSync(at());
    writeFileSync(at(PID_FILE), text);
    clients = await UpDirectory.open(at(), SETTINGS);
    expect(readFileSync(at(PID_FILE), 'utf8')).toBe(`${process.pid}\n`);
  });
});
