/** A shape of an attack, with its name in the table. */
export type Shape<T> = readonly [name: string, attack: T];

/**
 * Tries every shape of a kind, each as a test, and prints how many ended as they should.
 * @param check throws unless the attack ends as it should
 * @param outcome how it should end, for the table
 */
export function attacks<T>(
  kind: string,
  shapes: readonly Shape<T>[],
  check: (attack: T) => Promise<void>,
  outcome: 'refused' | 'harmless' = 'refused',
): void {
  describe(kind, () => {
    let count = 0;
    test.each(shapes.map(([name, attack]) => [name, attack] as [string, T]))('%s', async (_, attack) => {
      await check(attack);
      count += 1;
    });
    afterAll(() => {
      process.stdout.write(`${kind.padEnd(74)} ${String(count).padStart(4)} of ${shapes.length} ${outcome}\n`);
    });
  });
}
