import { join } from 'node:path';
import { type Measurement, milliseconds, nodeTime, paired } from './measure';

const LAMBDA_ENVIRONMENT = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'none',
  AWS_SECRET_ACCESS_KEY: 'none',
  TRUST_DOMAIN: 'mesh.example.com',
  REGISTRY_TABLE: 'none',
  STACKS: 'arn:aws:cloudformation:us-east-1:111122223333:stack/Mesh/1a2b3c4d-5e6f-7a8b-9c0d-1e2f3a4b5c6d',
};

/** The part of a cold start that the bundle decides: the time to load it, compared with an empty Node.js process. */
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
