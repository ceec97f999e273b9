/** A shape of an attack, with its name in the table. */
export type Shape<T> = readonly [name: string, attack: T];

/**
 * Tries every shape of a kind, each as a test, and prints how many were refused.
 * @param refused throws unless the attack is refused as it should be
 */
export function attacks<T>(kind: string, shapes: readonly Shape<T>[], refused: (attack: T) => Promise<void>): void {
  describe(kind, () => {
    let count = 0;
    test.each(shapes.map(([name, attack]) => [name, attack] as [string, T]))('%s', async (_, attack) => {
      await refused(attack);
      count += 1;
    });
    afterAll(() => {
      process.stdout.write(`${kind.padEnd(60)} ${String(count).padStart(4)} of ${shapes.length} refused\n`);
    });
  });
}
