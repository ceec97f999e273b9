import { execFileSync } from 'node:child_process';
import { table } from '../../../bin/shared/table';
import { wrappedCommand } from '../../../bin/shared/terminal';

const longest = (text: string) => Math.max(...text.split('\n').map((line) => line.length));

describe('a table', () => {
  const columns = [{ head: 'Client' }, { head: 'First', leftOut: 1 }, { head: 'Second', leftOut: 2 }, { head: 'Last' }];
  const row = ['mail', 'a'.repeat(20), 'b'.repeat(20), 'c'.repeat(20)];

  test('has all columns where they fit', () => {
    const drawn = table(columns, [row], 79);
    expect(longest(drawn)).toBe(79);
    expect(drawn).toMatch(/│ mail +│ a+ │ b+ │ c+ │/);
  });

  test.each([
    [78, ['Client', 'Second', 'Last']],
    [55, ['Client', 'Last']],
  ])('of %i columns leaves out those that matter least', (limit, heads) => {
    const drawn = table(columns, [row], limit);
    expect(drawn.match(/\b(Client|First|Second|Last)\b/g)).toEqual(heads);
    expect(longest(drawn)).toBeLessThanOrEqual(limit);
  });

  test('breaks what is still too wide, and loses nothing', () => {
    const name = 'abcdefghij'.repeat(6);
    const drawn = table([{ head: 'Client' }, { head: 'Last' }], [[name, 'c'.repeat(20)]], 50);
    expect(longest(drawn)).toBeLessThanOrEqual(50);
    const cells = drawn.split('\n').flatMap((line) => line.match(/^│ ([a-j]+) *│/)?.[1] ?? []);
    expect(cells.join('')).toBe(name);
  });
});

test.each([
  `curl --noproxy '*' --cacert out/server-ca.pem --key 'a b'\\''c  --d/key.pem' https://mesh.example.com/schedule`,
  'curl',
])('a command line in several lines is the same to a shell: %s', (line) => {
  const words = (text: string) =>
    execFileSync('sh', ['-c', `show() { node -p 'JSON.stringify(process.argv.slice(1))' "$@"; }; show -- ${text}`], {
      encoding: 'utf8',
    });
  for (const columns of [1, 30, 60, 200]) {
    const lines = wrappedCommand(line, columns);
    if (columns === 200) expect(lines).toEqual([line]);
    expect(words(lines.join('\n'))).toBe(words(line));
  }
  expect(Math.max(...wrappedCommand(line, 60).map((each) => each.length))).toBeLessThanOrEqual(60);
});
