import { join } from 'node:path';
import { type Measurement, milliseconds, nodeTime, paired } from './measure';

const LAMBDA_ENVIRONMENT = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'none',
  AWS_SECRET_ACCESS_KEY: 'none',
  TRUST_DOMAIN: 'mesh.example.com',
  REGISTRY_TABLE: 'none',
};

/** A function's cold start, as far as the bundle decides it: loading it, over a Node process that does nothing. */
export async function startUp(name: string, budget: number): Promise<Measurement> {
  const bundle = join(__dirname, '..', 'assets', name, 'index.js');
  const { measured, floor, ratio } = await paired(
    25,
    () => nodeTime(['--no-warnings', '-e', `require(${JSON.stringify(bundle)}); process.exit()`], LAMBDA_ENVIRONMENT),
    () => nodeTime(['--no-warnings', '-e', 'process.exit()']),
  );
  return {
    what: `start-up of the ${name} bundle`,
    measured: `${milliseconds(measured)}, ${ratio.toFixed(2)}×`,
    floor: `bare Node ${milliseconds(floor)}`,
    budget: `≤ ${budget}×`,
    within: ratio <= budget,
  };
}
