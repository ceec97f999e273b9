import type { LogEntry } from '../aws/cloudwatch';
import { withDeadline } from '../lambda/deadline';
import type { AwsAnswer } from '../sandbox/endpoint/api';
import { RequestQuota } from '../sandbox/endpoint/request-quota';
import { Bill, registryBill } from './bill';
import { type CloudCall, InProcessCloud } from './in-process-cloud';
import type { Measurement } from './measure';
import { type Population, populate } from './population';
import { simulatedMesh } from './simulated-mesh';
import { VirtualTime } from './virtual-time';

export const HOURS_OF_A_MONTH = 730;

/** The memory of the issuer's functions. Gigabytes. */
export const MEMORY = 0.5;
/** The part of its three minutes that is for the work itself. */
const WORK_MS = 174_000;

/** How long a call takes. AWS promises nothing; these are above what is usual within a Region. Milliseconds. */
export const LATENCIES: Readonly<Record<string, number>> = {
  dynamodb: 10,
  events: 30,
  secretsmanager: 30,
  'acm-pca': 100,
};

const BUDGET = { seconds: 30, dollarsAMonth: 5 };

/** The quota of ACM PCA alone takes 70 seconds for the certificates that rotations of 100,000 clients replace in an hour. */
const OVERLAP_BUDGET = { seconds: 90, dollarsAMonth: 10 };

interface HourlyRun {
  /** Virtual time. */
  readonly seconds: number;
  readonly bill: Bill;
  readonly dollarsAMonth: number;
}

/** One hourly run in a mesh that has run for long, and what its calls would cost in a month of such runs. */
export async function maintenance(): Promise<readonly Measurement[]> {
  const measurements: Measurement[] = [];
  for (const clients of [100, 10_000, 100_000]) {
    for (const hasOverlap of [false, true]) measurements.push(await measure({ clients, hasOverlap }));
  }
  return measurements;
}

async function measure({ clients, hasOverlap }: Population): Promise<Measurement> {
  const { seconds, bill, dollarsAMonth } = await simulateHourlyRun({ clients, hasOverlap });
  const budget = hasOverlap ? OVERLAP_BUDGET : BUDGET;
  return {
    what: `hourly run for ${clients} clients${hasOverlap ? ' with `overlap`' : ''}, virtual time`,
    measured: `${seconds.toFixed(1)} s, $${dollarsAMonth.toFixed(2)} a month`,
    floor: `${bill.readUnits} read and ${bill.writeUnits} write units, ${bill.events} events`,
    budget: `≤ ${budget.seconds} s, ≤ $${budget.dollarsAMonth}`,
    within: seconds <= budget.seconds && dollarsAMonth <= budget.dollarsAMonth,
  };
}

export async function simulateHourlyRun(population: Population): Promise<HourlyRun> {
  const time = new VirtualTime();
  let around = (_call: CloudCall, answer: () => Promise<AwsAnswer>) => answer();
  const cloud = new InProcessCloud({ around: (call, answer) => around(call, answer) });
  const bill = registryBill(cloud);
  const mesh = await simulatedMesh(cloud, (entry: LogEntry) => bill.chargeLog(entry));
  const authority = new RevokingAuthority();
  return cloud.inUse(async () => {
    await populate(cloud, mesh, population);
    let run = Promise.resolve(0);
    around = async (call, answer) => {
      await new Promise((resolve) => setTimeout(resolve, LATENCIES[call.service]));
      return time.worker(() =>
        call.operation === 'RevokeCertificate' ? authority.answer() : bill.charge(call, answer),
      );
    };
    await time.run(() => {
      run = withDeadline(WORK_MS, async (signal) => {
        await time.worker(() => mesh.maintenance.run(signal));
        return time.elapsed / 1000;
      });
    });
    const seconds = await run;
    const dollars = bill.dollars + Bill.functionTime(seconds, MEMORY);
    return { seconds, bill, dollarsAMonth: dollars * HOURS_OF_A_MONTH };
  });
}

/** Revokes at the rate of the quota, and knows every certificate, because the registry's were never issued. */
class RevokingAuthority {
  /** https://docs.aws.amazon.com/general/latest/gr/pca.html#limits_pca */
  private readonly quota = new RequestQuota(20, () => new Date());

  async answer(): Promise<AwsAnswer> {
    const headers = { 'content-type': 'application/x-amz-json-1.1' };
    try {
      this.quota.take();
      return { status: 200, headers, body: '{}' };
    } catch {
      return {
        status: 400,
        headers,
        body: JSON.stringify({ __type: 'ThrottlingException', message: 'Rate exceeded' }),
      };
    }
  }
}
