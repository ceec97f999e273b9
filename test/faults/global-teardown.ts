import { matrix } from './matrix';
import { takeRecord } from './record';

/** Printed with the matrix, so that nobody takes it for more than it is. */
const NOT_COVERED = 'Of calls that poll (GetCertificate, GetDomainName) the first goes wrong.';

/** Prints calls × faults of all operations. */
export default function report(): void {
  const all = takeRecord();
  if (all.length === 0) return;
  const held = all.filter(({ failure }) => failure === undefined).length;
  process.stdout.write(`\n${matrix(all)}\n\n${held} of ${all.length} held. ${NOT_COVERED}\n`);
}
