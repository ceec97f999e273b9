import { createInterface } from 'node:readline';

/**
 * Asks a question on the terminal. Anything but `y` or `yes` is a no, and so is the end of the input.
 * @returns true without a question if there is nobody to ask, because the input isn't a terminal
 */
export async function confirmed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return true;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await new Promise<string>((resolve) => {
      terminal.once('close', () => resolve(''));
      terminal.question(`${question} [y/N] `, resolve);
    });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
