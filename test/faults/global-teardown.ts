import { matrix } from './matrix';
import { takeRecord } from './record';

/** Printed below the matrix: what it does not cover. */
const NOT_COVERED = 'Of calls that poll (GetCertificate, GetDomainName), only the first one has faults.';

/** Prints the matrix of all operations. */
export default function report(): void {
  const all = takeRecord();
  if (all.length === 0) return;
  const held = all.filter(({ failure, isCallMade }) => isCallMade && failure === undefined).length;
  const notMade = all.filter(({ isCallMade }) => !isCallMade).length;
  const cells = `${held} of ${all.length} held, ${notMade} calls were not made.`;
  process.stdout.write(`\n${matrix(all)}\n\n${cells} ${NOT_COVERED}\n`);
}
