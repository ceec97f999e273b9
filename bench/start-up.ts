import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { transform } from 'esbuild';
import { type Measurement, milliseconds, nodeTime, paired } from './measure';

const LAMBDA_ENVIRONMENT = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'none',
  AWS_SECRET_ACCESS_KEY: 'none',
  TRUST_DOMAIN: 'mesh.example.com',
  REGISTRY_TABLE: 'none',
  STACKS: 'arn:aws:cloudformation:us-east-1:111122223333:stack/Mesh/1a2b3c4d-5e6f-7a8b-9c0d-1e2f3a4b5c6d',
  AUTHORITY_ORDERS: '[]',
  LISTING_AUTHORITIES: '[]',
  REVOCATION_LISTS_BUCKET: 'none',
  REVOCATION_LISTS_HOURS: '24',
};

/** The bundle of a Lambda function. */
export const functionBundle = (name: string): string => join(__dirname, '..', 'assets', name, 'index.js');
/** The bundle of `./client`. */
export const CLIENT_BUNDLE = join(__dirname, '..', 'dist', 'client', 'index.js');

/** The part of a cold start that the bundle decides: the time to load it, compared with an empty Node.js process. */
export async function startUp(name: string, bundle: string, budget: number): Promise<Measurement> {
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

/** What the client adds to a service: its size without white space, compared with the authorizer's bundle. */
export async function clientSize(budget: number): Promise<Measurement> {
  const { code } = await transform(readFileSync(CLIENT_BUNDLE, 'utf8'), { minify: true });
  const [size, authorizer] = [Buffer.byteLength(code), statSync(functionBundle('authorizer')).size];
  const ratio = size / authorizer;
  return {
    what: 'size of the client bundle, minified',
    measured: `${kilobytes(size)}, ${ratio.toFixed(2)}×`,
    floor: `authorizer bundle ${kilobytes(authorizer)}`,
    budget: `≤ ${budget}×`,
    within: ratio <= budget,
  };
}

const kilobytes = (bytes: number): string => `${(bytes / 1_000).toFixed(1)} KB`;
