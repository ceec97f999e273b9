import { Bill, registryBill } from './bill';
import { HOURS_OF_A_MONTH, LATENCIES, MEMORY, simulateHourlyRun } from './maintenance';
import { ROTATION_HOURS } from './population';
import { simulateRotation } from './rotation';
import { type AuthorityPrice, UNIT_PRICES } from './unit-prices';

/** The sizes of meshes on the page. */
export const SIZES = [20, 1_000, 100_000];

/** What one rotation of a client's certificate causes. */
export interface RotationUse {
  readonly certificates: number;
  readonly secretCalls: number;
  readonly secretChanges: number;
  readonly readUnits: number;
  readonly writeUnits: number;
  readonly events: number;
  readonly invocations: number;
  /** The time of the functions, with the latencies of `LATENCIES`. Seconds. */
  readonly seconds: number;
}

/** Measures the calls of a rotation. */
export async function measureRotation(): Promise<RotationUse> {
  let bill: Bill | undefined;
  let waiting = 0;
  const { failures } = await simulateRotation(1, async (cloud, call, answer) => {
    bill ??= registryBill(cloud);
    waiting += LATENCIES[call.service] ?? 0;
    return bill.charge(call, answer);
  });
  if (bill === undefined || failures.length > 0) throw new Error(`the rotation failed: ${failures.join(', ')}`);
  const { certificates, secretCalls, secretChanges, readUnits, writeUnits, events } = bill;
  // Secrets Manager invokes the function for each of its four steps.
  return {
    certificates,
    secretCalls,
    secretChanges,
    readUnits,
    writeUnits,
    events,
    invocations: 4,
    seconds: waiting / 1_000,
  };
}

/** The price of the hourly runs of a month. Dollars. */
export async function measureHourlyRun(clients: number): Promise<number> {
  return (await simulateHourlyRun({ clients, hasOverlap: false })).dollarsAMonth;
}

export interface PriceRow {
  readonly what: string;
  /** Dollars a month. */
  readonly dollars: number;
}

export interface MeshUse {
  readonly clients: number;
  readonly rotation: RotationUse;
  /** As `measureHourlyRun` returns it. */
  readonly hourlyRuns: number;
  /** The number of alarms and custom metrics, whatever the number of clients. */
  readonly alarms: number;
  readonly metrics: number;
}

/** The rotations of a month. */
export function rotationsOf(clients: number): number {
  return (clients * HOURS_OF_A_MONTH) / ROTATION_HOURS;
}

/** What a mesh with the default options costs in a month, without requests. */
export function monthlyPrices({ clients, rotation, ...mesh }: MeshUse, authority: AuthorityPrice): readonly PriceRow[] {
  const rotations = rotationsOf(clients);
  const { secret, secretCall, readUnit, writeUnit, event, invocation, alarm, metric } = UNIT_PRICES;
  const functions = rotation.invocations * invocation.dollars + Bill.functionTime(rotation.seconds, MEMORY);
  const registry = rotation.readUnits * readUnit.dollars + rotation.writeUnits * writeUnit.dollars;
  return [
    { what: 'Certificate authority', dollars: authority.monthly.dollars },
    { what: 'Certificates', dollars: rotations * rotation.certificates * authority.certificate.dollars },
    { what: 'Secrets', dollars: clients * secret.dollars },
    { what: 'Rotations: calls of Secrets Manager', dollars: rotations * rotation.secretCalls * secretCall.dollars },
    { what: 'Rotations: registry', dollars: rotations * registry },
    { what: 'Rotations: functions', dollars: rotations * functions },
    { what: 'Rotations: events', dollars: rotations * rotation.events * event.dollars },
    { what: 'Hourly runs', dollars: mesh.hourlyRuns },
    { what: 'Alarms and metrics', dollars: mesh.alarms * alarm.dollars + mesh.metrics * metric.dollars },
  ];
}
