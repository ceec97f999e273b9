import { SECRET_CHANGES } from './bill';
import type { Measurement } from './measure';
import { DEPLOYMENT_MS, type Simulation, simulateDeployment, simulateRotation } from './rotation';

/**
 * The quotas that limit how fast clients get certificates.
 * https://docs.aws.amazon.com/general/latest/gr/pca.html#limits_pca
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
 */
const QUOTAS = [
  { operations: ['IssueCertificate'], perSecond: 25 },
  { operations: [...SECRET_CHANGES], perSecond: 50 },
];

/** The longest delay between two attempts of a call. The last client may wait for it alone. */
const LAST_PAUSE_SECONDS = 20;

/** The number of clients that fits into the 500 resources of a stack. */
const CLIENTS_OF_A_STACK = 150;

/** Rotates all clients at once and creates all clients of a stack at once, compared with the minimum that the quotas allow. */
export async function quotas(clients: number): Promise<readonly Measurement[]> {
  const rotation = await simulateRotation(clients);
  const deployment = await simulateDeployment(CLIENTS_OF_A_STACK);
  const bound = boundOf(clients, await simulateRotation(1));
  const ratio = rotation.seconds / bound.seconds;
  const deploymentBound = boundOf(CLIENTS_OF_A_STACK, await simulateDeployment(1));
  return [
    {
      what: `rotation of ${clients} clients at once, virtual time`,
      measured: `${rotation.seconds.toFixed(0)} s, ${ratio.toFixed(2)}×`,
      floor: bound.text,
      budget: `≤ 1.1× and ${LAST_PAUSE_SECONDS} s`,
      within: rotation.seconds <= 1.1 * bound.seconds + LAST_PAUSE_SECONDS,
    },
    ...results(`rotation of ${clients} clients`, clients, rotation),
    {
      what: `deployment of ${CLIENTS_OF_A_STACK} clients at once, virtual time`,
      measured: `${deployment.seconds.toFixed(0)} s`,
      floor: deploymentBound.text,
      budget: `≤ ${DEPLOYMENT_MS / 1000} s`,
      within: deployment.seconds <= DEPLOYMENT_MS / 1000,
    },
    ...results(`deployment of ${CLIENTS_OF_A_STACK} clients`, CLIENTS_OF_A_STACK, deployment),
  ];
}

function results(what: string, clients: number, simulation: Simulation): readonly Measurement[] {
  const { served, issued, failures, outcomes } = simulation;
  const throttled = [...outcomes].filter(([name]) => name.endsWith(' ThrottlingException'));
  const throttledCalls = throttled.reduce((sum, [, count]) => sum + count, 0);
  return [
    {
      what: `certificates issued over needed, ${what}`,
      measured: `${issued} / ${clients}, ${(issued / clients).toFixed(3)}`,
      budget: '1',
      within: issued === clients,
    },
    {
      what: `failed invocations, ${what}`,
      measured: String(failures.length),
      floor: `throttled calls ${throttledCalls}`,
      budget: '0',
      within: failures.length === 0 && served === clients,
    },
  ];
}

/**
 * The shortest time that the quotas allow, and the quotas that decide it.
 * @param alone the simulation of one client, which is not throttled and so makes only the calls that each client needs
 */
function boundOf(clients: number, alone: Simulation): { readonly seconds: number; readonly text: string } {
  const needs = QUOTAS.map(({ operations, perSecond }) => {
    const calls = operations.reduce((sum, name) => sum + (alone.outcomes.get(`${name} succeeded`) ?? 0), 0);
    return { name: operations.join(' with '), seconds: (clients * calls) / perSecond };
  });
  const seconds = Math.max(...needs.map((need) => need.seconds));
  const names = needs.filter((need) => need.seconds === seconds).map(({ name }) => name);
  return { seconds, text: `quota's bound ${seconds.toFixed(0)} s: ${names.join('; ')}` };
}
