/** `npm run test:fuzz [inputs] [seed]`: reads mutated input until something else happens than what is documented. */
import 'reflect-metadata';
import { randomInt } from 'node:crypto';
import { createCorpus } from './corpus';
import { fuzzGateway } from './gateway';
import { Random } from './random';
import { createTargets, type Target } from './targets';

/** The time that a reader may take for one input. Milliseconds. */
const LONGEST_READING = 5_000;

async function main([inputs = '1000000', seed = String(randomInt(1_000_000_000))]: readonly string[]): Promise<void> {
  const count = wholeNumber('inputs', inputs);
  console.log(`${count} inputs, seed ${wholeNumber('seed', seed)}: repeat with npm run test:fuzz ${inputs} ${seed}`);
  const random = new Random(Number(seed));
  const targets = createTargets(await createCorpus());
  const accepted = new Map<string, number>(targets.map(({ name }) => [name, 0]));
  const failures: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const target = targets[index % targets.length] as Target;
    const input = target.create(random);
    const outcome = await outcomeOf(target, input);
    if (outcome === 'accepted') accepted.set(target.name, (accepted.get(target.name) ?? 0) + 1);
    else if (outcome !== 'refused')
      failures.push(`${target.name}: ${outcome}\n  ${Buffer.from(input).toString('base64')}`);
    if (failures.length === 10) break;
  }
  for (const [name, number] of accepted) console.log(`${name}: ${number} accepted`);
  failures.push(...(await fuzzGateway(Math.ceil(count / 200), random)));
  console.log(failures.length === 0 ? 'nothing else happened than what is documented' : failures.join('\n'));
  process.exitCode = failures.length === 0 ? 0 : 1;
}

/** `accepted`, `refused`, or what should not happen. */
async function outcomeOf({ read, documented }: Target, input: string): Promise<string> {
  const begin = performance.now();
  try {
    await read(input);
    const took = performance.now() - begin;
    return took > LONGEST_READING ? `took ${Math.round(took)} ms` : 'accepted';
  } catch (error) {
    if (documented.some((type) => error instanceof type)) return 'refused';
    return error instanceof Error ? `${error.stack}` : `threw ${error}`;
  }
}

function wholeNumber(name: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Error(`${name} must be a whole number, got ${JSON.stringify(text)}`);
}

void main(process.argv.slice(2));
