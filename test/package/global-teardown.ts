import { rmSync } from 'node:fs';
import { directory } from './packed';

export default function tearDown(): void {
  rmSync(directory(), { recursive: true, force: true });
}
