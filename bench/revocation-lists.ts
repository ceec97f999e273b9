import { withDeadline } from '../lambda/deadline';
import { RevokedCertificates } from '../lambda/revocation-list-publisher/revoked-certificates';
import { RegistrySurvey } from '../registry/survey';
import { Bill, registryBill } from './bill';
import { type CloudCall, InProcessCloud } from './in-process-cloud';
import { HOURS_OF_A_MONTH, LATENCIES, MEMORY } from './maintenance';
import type { Measurement } from './measure';
import { populate } from './population';
import { REGISTRY_TABLE, simulatedMesh } from './simulated-mesh';
import { VirtualTime } from './virtual-time';

/** The part of the publisher's three minutes that is for the work itself. Milliseconds. */
const WORK_MS = 178_000;

const BUDGET = { seconds: 60, dollarsAMonth: 15 };

/** What the publisher of revocation lists reads from the registry in an hourly run, and what that costs in a month. */
export async function revocationLists(): Promise<readonly Measurement[]> {
  const measurements: Measurement[] = [];
  for (const revoked of [100, 10_000, 100_000]) measurements.push(await measure(revoked));
  return measurements;
}

async function measure(revoked: number): Promise<Measurement> {
  const time = new VirtualTime();
  let around = (_call: CloudCall, answer: () => ReturnType<Bill['charge']>) => answer();
  const cloud = new InProcessCloud({ around: (call, answer) => around(call, answer) });
  const bill = registryBill(cloud);
  const mesh = await simulatedMesh(cloud);
  return cloud.inUse(async () => {
    await populate(cloud, mesh, { clients: revoked, hasOverlap: false, isRevoked: true });
    const certificates = new RevokedCertificates({
      survey: new RegistrySurvey(REGISTRY_TABLE, cloud.connection),
      log: () => undefined,
    });
    around = async (call, answer) => {
      await new Promise((resolve) => setTimeout(resolve, LATENCIES[call.service]));
      return time.worker(() => bill.charge(call, answer));
    };
    let run = Promise.resolve(0);
    await time.run(() => {
      run = withDeadline(WORK_MS, async (signal) => {
        const { certificateAuthorityArn } = mesh;
        const found = await time.worker(() => certificates.of(certificateAuthorityArn, new Date(), [], signal));
        if (found.length !== revoked) throw new Error(`found ${found.length} revoked certificates`);
        return time.elapsed / 1000;
      });
    });
    const seconds = await run;
    const dollars = (bill.dollars + Bill.functionTime(seconds, MEMORY)) * HOURS_OF_A_MONTH;
    return {
      what: `hourly run for a list of ${revoked} certificates, virtual time`,
      measured: `${seconds.toFixed(1)} s, $${dollars.toFixed(2)} a month`,
      floor: `${bill.readUnits} read units`,
      budget: `≤ ${BUDGET.seconds} s, ≤ $${BUDGET.dollarsAMonth}`,
      within: seconds <= BUDGET.seconds && dollars <= BUDGET.dollarsAMonth,
    };
  });
}
