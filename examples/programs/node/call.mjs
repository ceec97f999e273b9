/**
 * Calls the mesh with each path on standard input, and prints a line with the status and the body:
 *
 *     echo /schedule/events | node call.mjs https
 *
 * The argument is `https`, `undici`, `axios`, or `got`.
 */
import { createInterface } from 'node:readline';

const MESH = 'https://mesh.example.com';

const { get } = await import(`./${process.argv[2]}-client.mjs`);
createInterface({ input: process.stdin }).on('line', async (path) => {
  try {
    const { status, body } = await get(MESH + path);
    console.log(status, body);
  } catch (error) {
    console.log('failed:', error.cause?.message ?? error.message);
  }
});
