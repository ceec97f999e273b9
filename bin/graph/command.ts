import type { Command } from 'commander';
import { EXIT_CODES_HELP } from '../shared/exit-codes';
import { addGrantsSourceOptions } from '../shared/grants/source-options';
import type { GraphOptions } from './graph';

const NOTES = `
With --against, grants that are only in one of the two are marked: + for those
that the mesh or app has more, - for those that it no longer has.`;

/** Adds the command that shows who may call whom. */
export function addGraphCommand(program: Command, load: () => Pick<typeof import('./graph'), 'runGraph'>): void {
  const command = program
    .command('graph')
    .description('Print who may call whom, as a Mermaid flowchart.')
    .option('--against <dir>', 'cdk.out directory to compare with')
    .option('--svg <file>', 'write a picture instead')
    .option('--json', 'print one line of JSON')
    .addHelpText('after', `${NOTES}\n${EXIT_CODES_HELP}`)
    .action((options: GraphOptions) => load().runGraph(options));
  addGrantsSourceOptions(command);
}
