import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Keeper, type KeeperOptions } from '../../../bin/agent/keeper';
import { KeptLists } from '../../../bin/agent/kept-lists';
import type { LogEntry } from '../../../bin/agent/log';
import { ReloadCommand } from '../../../bin/agent/reload';
import { type Looked, RequestSource } from '../../../bin/agent/source';
import { WakeableClock } from '../../../bin/agent/wakeable';
import { CLIENT_FILES } from '../../../bin/shared/client-files/contents';
import { ClientDirectory } from '../../../bin/shared/client-files/directory';
import { nextUpdateIn } from '../../../bin/shared/client-files/revocation-lists';
import type { ClientSecret } from '../../../mesh/client-secret';
import { createSecret } from '../../client/secrets';
import { type Authority, createRoot, days } from '../../pki/authorities';
import { createRevocationList } from '../../pki/revocation-lists';

let parent: string;
let path: string;
let authority: Authority;
let entries: LogEntry[];
let look: jest.Mock<Promise<Looked>, [boolean, AbortSignal]>;
const { signal } = new AbortController();

beforeAll(async () => {
  authority = await createRoot('Root');
});

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'keeper-'));
  path = join(parent, 'mail');
  entries = [];
  look = jest.fn();
});

afterEach(() => rmSync(parent, { recursive: true, force: true }));

/** A clock that only moves when it is told to. */
class FakeClock extends WakeableClock {
  time = Date.now();
  readonly slept: number[] = [];

  override now(): number {
    return this.time;
  }

  override async sleep(duration: number): Promise<void> {
    this.slept.push(duration);
    this.time += duration;
  }
}

function keeper(reload?: string, clock: WakeableClock = new FakeClock(), rest: Partial<KeeperOptions> = {}): Keeper {
  return new Keeper({
    ...rest,
    client: 'mail',
    path,
    directory: new ClientDirectory(path),
    selection: { formats: ['pem'] },
    source: { look },
    reload: reload === undefined ? undefined : new ReloadCommand(reload),
    interval: 300_000,
    log: (entry) => entries.push(entry),
    clock,
  });
}

const told = () => readFileSync(join(parent, 'told'), 'utf8').trimEnd().split('\n');
const events = () => entries.map(({ event }) => event);
const certificateFile = () => readFileSync(join(path, CLIENT_FILES.certificate), 'utf8');

describe('the files and the reload command', () => {
  const RELOAD = 'echo told >> "$MTLS_MESH_DIRECTORY/../told"';
  let [first, second]: ClientSecret[] = [];

  beforeAll(async () => {
    [first, second] = [await createSecret(authority), await createSecret(authority)];
  });

  const returns = (secret: ClientSecret | undefined) => look.mockResolvedValue({ secret: secret as ClientSecret });

  test('follow the secret, once a change', async () => {
    const one = keeper(RELOAD);
    returns(first);
    expect([await one.look(signal), await one.look(signal)]).toEqual([true, true]);
    expect(told()).toEqual(['told']);
    returns(second);
    await one.look(signal);
    expect(told()).toEqual(['told', 'told']);
    expect(certificateFile()).toBe(second?.certificate);
    expect(events()).toEqual(['files-replaced', 'reloaded', 'files-replaced', 'reloaded']);
    expect(one.state).toMatchObject({
      replacements: 2,
      reloads: 2,
      failures: 0,
      notAfter: Date.parse(`${second?.notAfter}`),
    });
  });

  test('follow the authorities that the mesh publishes', async () => {
    const other = await createRoot('Other');
    const readClientAuthorities = jest.fn(async () => authority.pem);
    const one = keeper(RELOAD, new FakeClock(), { readClientAuthorities });
    returns(first);
    await one.look(signal);
    readClientAuthorities.mockResolvedValue(authority.pem + other.pem);
    await one.look(signal);
    expect(readFileSync(join(path, CLIENT_FILES.clientAuthorities), 'utf8')).toBe(authority.pem + other.pem);
    expect(told()).toEqual(['told', 'told']);
    readClientAuthorities.mockRejectedValue(new Error('no answer'));
    expect(await one.look(signal)).toBe(false);
    expect(readFileSync(join(path, CLIENT_FILES.clientAuthorities), 'utf8')).toBe(authority.pem + other.pem);
  });

  test('are left alone by an agent that starts again', async () => {
    returns(first);
    await keeper(RELOAD).look(signal);
    await keeper(RELOAD).look(signal);
    expect(told()).toEqual(['told']);
  });

  test('are written and told again when somebody has changed them', async () => {
    const one = keeper(RELOAD);
    returns(first);
    await one.look(signal);
    writeFileSync(realpathSync(join(path, CLIENT_FILES.certificate)), 'changed');
    await one.look(signal);
    expect(certificateFile()).toBe(first?.certificate);
    expect(told()).toEqual(['told', 'told']);
  });

  test('are told again by an agent that was killed before the command had succeeded', async () => {
    returns(first);
    expect(await keeper('exit 1').look(signal)).toBe(false);
    expect(events()).toEqual(['files-replaced', 'look-failed']);
    const again = keeper(RELOAD);
    expect(await again.look(signal)).toBe(true);
    expect(told()).toEqual(['told']);
    expect(events()).toEqual(['files-replaced', 'look-failed', 'reloaded']);
    expect(again.state).toMatchObject({ replacements: 0, reloads: 1 });
  });

  test('a command that fails is repeated, soon at first', async () => {
    const clock = new FakeClock();
    const ending = new AbortController();
    look.mockImplementation(async () => {
      if (look.mock.calls.length === 4) ending.abort();
      return { secret: first as ClientSecret };
    });
    const one = keeper('echo broken >&2; exit 1', clock);
    await one.run(ending.signal);
    expect(one.state).toMatchObject({ reloads: 0, failedReloads: 4 });
    expect(clock.slept.map((duration) => Math.ceil(duration / 5_000))).toEqual([1, 2, 4, expect.anything()]);
    expect(entries[1]?.message).toContain('the reload command failed: it ended with exit code 1: broken; the files in');
  });

  test('no key is in the log, the state, or the environment of the command', async () => {
    returns(first);
    const script = "require('node:fs').writeFileSync('told', JSON.stringify(process.env)); process.exitCode = 1";
    const one = keeper(`cd "$MTLS_MESH_DIRECTORY/.." && "${process.execPath}" -e "${script}"`);
    await one.look(signal);
    const seen = JSON.stringify([entries, one.state, told()]);
    expect(seen).toContain('MTLS_MESH_CLIENT');
    expect(seen).not.toContain('PRIVATE KEY');
    expect(seen).not.toContain(first?.privateKey.split('\n')[1] ?? 'no key');
  });
});

describe('the revocation lists', () => {
  const RELOAD = 'echo told >> "$MTLS_MESH_DIRECTORY/../told"';
  const listsFile = () => readFileSync(join(path, CLIENT_FILES.revocationLists), 'utf8');
  let lists: string[];
  let read: jest.Mock<Promise<string>, []>;

  beforeAll(async () => {
    lists = [
      await createRevocationList(authority, { number: 1n }),
      await createRevocationList(authority, { number: 2n, revoked: ['0A'] }),
    ];
  });

  beforeEach(async () => {
    look.mockResolvedValue({ secret: await createSecret(authority) });
    read = jest.fn(async () => lists[0] ?? '');
  });

  const keeperOfLists = (clock = new FakeClock()) => keeper(RELOAD, clock, { lists: new KeptLists(path, read) });

  test('are written beside the certificate, and tell the program when they alone change', async () => {
    const one = keeperOfLists();
    expect(await one.look(signal)).toBe(true);
    expect(await one.look(signal)).toBe(true);
    expect([listsFile(), told()]).toEqual([lists[0], ['told']]);
    read.mockResolvedValue(lists[1] ?? '');
    expect(await one.look(signal)).toBe(true);
    expect([listsFile(), told()]).toEqual([lists[1], ['told', 'told']]);
    expect(one.state).toMatchObject({ nextUpdate: nextUpdateIn(lists[1])?.getTime(), warnings: [] });
    expect(entries.at(-2)?.message).toContain(
      `, and the revocation lists until ${nextUpdateIn(lists[1])?.toISOString()}`,
    );
  });

  test('are looked at once when others are published, and not for those of the last look', async () => {
    const clock = new FakeClock();
    const wake = jest.spyOn(clock, 'wake');
    const one = keeperOfLists(clock);
    await one.look(signal);
    one.onPublishedLists(lists[0] ?? '');
    expect(wake).not.toHaveBeenCalled();
    one.onPublishedLists(lists[1] ?? '');
    expect(wake).toHaveBeenCalledTimes(1);
    keeper(undefined, clock).onPublishedLists(lists[1] ?? '');
    expect(wake).toHaveBeenCalledTimes(1);
  });

  test.each([
    ['can not be read', async () => Promise.reject(new Error('no answer')), 'no answer'],
    ['are nonsense', async () => 'nonsense', "the revocation lists can't be used: "],
  ])('of before stay while the published ones %s, and the certificate rotates', async (_name, published, reason) => {
    const one = keeperOfLists();
    read.mockResolvedValue(lists[1] ?? '');
    await one.look(signal);
    const rotated = await createSecret(authority);
    look.mockResolvedValue({ secret: rotated });
    read.mockImplementation(published);
    expect(await one.look(signal)).toBe(false);
    expect([listsFile(), certificateFile(), told()]).toEqual([lists[1], rotated.certificate, ['told', 'told']]);
    expect(one.state.error).toContain(reason);
    const until = nextUpdateIn(lists[1])?.toISOString();
    expect(one.state.error).toContain(`; the revocation lists of before stay, which are valid until ${until}`);
    expect(entries.at(-1)).toMatchObject({ level: 'warn', event: 'look-failed' });
    read.mockResolvedValue(lists[1] ?? '');
    expect(await one.look(signal)).toBe(true);
  });

  test('are required: without any, no files are written', async () => {
    read.mockRejectedValue(new Error('no answer'));
    expect(await keeperOfLists().look(signal)).toBe(false);
    expect(existsSync(path)).toBe(false);
  });

  test('of an earlier run count after a restart', async () => {
    read.mockResolvedValue(lists[1] ?? '');
    await keeperOfLists().look(signal);
    read.mockResolvedValue(lists[0] ?? '');
    const restarted = keeperOfLists();
    expect(await restarted.look(signal)).toBe(true);
    expect([listsFile(), told()]).toEqual([lists[1], ['told']]);
    expect(restarted.state.warnings).toEqual([expect.stringContaining('has an older list without some revocations')]);

    look.mockRejectedValue(new Error('no secret'));
    const without = keeperOfLists();
    await without.look(signal);
    expect(without.state.nextUpdate).toBe(nextUpdateIn(lists[1])?.getTime());
  });

  test('of which something is wrong are reported once', async () => {
    const other = await createRoot('Other');
    const readClientAuthorities = async () => authority.pem + other.pem;
    const one = keeper(undefined, new FakeClock(), { lists: new KeptLists(path, read), readClientAuthorities });
    await one.look(signal);
    await one.look(signal);
    const warning = 'O=Example, CN=Other has no list: servers that use the lists refuse its clients';
    expect(entries.filter(({ event }) => event === 'revocation-lists')).toEqual([
      { level: 'warn', event: 'revocation-lists', client: 'mail', message: warning },
    ]);
    expect(one.state.warnings).toEqual([warning]);
  });
});

describe('while Secrets Manager does not answer', () => {
  test('the files stay, and the log says until when they are good', async () => {
    const secret = await createSecret(authority);
    const clock = new FakeClock();
    const one = keeper(undefined, clock);
    look.mockResolvedValueOnce({ secret }).mockRejectedValue(new Error('no answer'));
    await one.look(signal);
    expect(await one.look(signal)).toBe(false);
    expect(entries.at(-1)).toEqual({
      level: 'warn',
      event: 'look-failed',
      client: 'mail',
      message: `no answer; the files in ${path} are good until ${secret.notAfter}`,
    });
    expect(certificateFile()).toBe(secret.certificate);

    clock.time = Date.parse(secret.notAfter) + 1;
    await one.look(signal);
    expect(entries.at(-1)).toMatchObject({
      level: 'error',
      message: expect.stringContaining(`expired at ${secret.notAfter}`),
    });
  });

  test('an agent that starts goes on with the files of an earlier run', async () => {
    const secret = await createSecret(authority);
    look.mockResolvedValueOnce({ secret }).mockRejectedValue(new Error('no answer'));
    await keeper().look(signal);
    const restarted = keeper();
    await restarted.look(signal);
    expect(restarted.state).toMatchObject({ notAfter: Date.parse(secret.notAfter), error: 'no answer' });
  });

  test.each(['nonsense', ''])('files that are none count as none: %j', async (text) => {
    writeFileSync(join(parent, CLIENT_FILES.certificate), text);
    path = parent;
    look.mockRejectedValue(new Error('no answer'));
    const one = keeper();
    await one.look(signal);
    expect(one.state.notAfter).toBeUndefined();
    expect(entries.at(-1)).toMatchObject({ level: 'error', message: 'no answer; there are no files yet' });
  });
});

describe('after a refusal', () => {
  test('it looks at once, but not more often than every five seconds', async () => {
    const secret = await createSecret(authority);
    const clock = new FakeClock();
    const wake = jest.spyOn(clock, 'wake');
    look.mockResolvedValue({ secret });
    const one = keeper(undefined, clock);
    await one.look(signal);
    one.onRefused('403');
    expect(wake).not.toHaveBeenCalled();
    clock.time += 5_000;
    one.onRefused('403');
    expect(wake).toHaveBeenCalledTimes(1);
    await one.look(signal);
    await one.look(signal);
    expect(look.mock.calls.map(([isRefused]) => isRefused)).toEqual([false, true, false]);
    expect(one.state.refusals).toBe(2);
  });
});

describe('a client that keeps its own key', () => {
  test('gets a certificate for a new key after two thirds of the validity', async () => {
    const clock = new FakeClock();
    const request = jest.fn(async () =>
      createSecret(authority, {
        validity: { notBefore: new Date(clock.time), notAfter: new Date(clock.time + days(3)) },
      }),
    );
    const source = new RequestSource(request, undefined, () => clock.now());
    await source.look(false);
    clock.time += days(2) - 1_000;
    const { nextRotation } = await source.look(false);
    expect(request).toHaveBeenCalledTimes(1);
    expect(Math.abs((nextRotation ?? 0) - clock.time)).toBeLessThan(3_000);
    clock.time += 3_000;
    await source.look(false);
    expect(request).toHaveBeenCalledTimes(2);
  });

  test('goes on with the certificate of an earlier run', async () => {
    const request = jest.fn();
    const held = await createSecret(authority);
    expect(await new RequestSource(request, held, Date.now).look(false)).toMatchObject({ secret: held });
    expect(request).not.toHaveBeenCalled();
  });

  test('requests another one after a refusal, at most every ten minutes', async () => {
    const clock = new FakeClock();
    const request = jest.fn(async () => createSecret(authority));
    const source = new RequestSource(request, await createSecret(authority), () => clock.now());
    for (let seconds = 0; seconds < 1_000; seconds += 100) {
      await source.look(true);
      clock.time += 100_000;
    }
    expect(request).toHaveBeenCalledTimes(2);
  });

  test('requests again after a request that failed', async () => {
    const request = jest
      .fn()
      .mockRejectedValueOnce(new Error('no answer'))
      .mockResolvedValue(await createSecret(authority));
    const source = new RequestSource(request, undefined, Date.now);
    await expect(source.look(false)).rejects.toThrow('no answer');
    await source.look(false);
    expect(request).toHaveBeenCalledTimes(2);
  });
});

test('the directory contains only files of the client, and the mark of the last reload', async () => {
  look.mockResolvedValue({ secret: await createSecret(authority) });
  await keeper('true').look(signal);
  const names = readdirSync(path).filter((name) => !name.startsWith('..generation-'));
  expect(names.filter((name) => name.startsWith('.')).sort()).toEqual(['..data', '.reloaded']);
});
