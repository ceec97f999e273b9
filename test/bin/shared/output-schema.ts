import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020 from 'ajv/dist/2020';

const SCHEMA = join(__dirname, '..', '..', '..', 'docs', 'mtls-mesh-output.schema.json');
const schemas = new Ajv2020({ allErrors: true }).addSchema(JSON.parse(readFileSync(SCHEMA, 'utf8')), 'output');

/** Parses a line that a command has printed with `--json`. Fails if it is not as the published schema says. */
// biome-ignore lint/suspicious/noExplicitAny: the schema describes it
export function parseOutput(command: string, line: string): any {
  const output = JSON.parse(line);
  const validate = schemas.getSchema(`output#/$defs/${command}`);
  if (validate === undefined) throw new Error(`the schema has no definition for ${command}`);
  expect([validate(output), validate.errors]).toEqual([true, null]);
  return output;
}
