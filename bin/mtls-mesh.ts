import { Command, CommanderError } from 'commander';
import { version } from '../package.json';
import { addAgentCommand } from './agent/command';
import { addCanCommand } from './can/command';
import { addCompletionCommand } from './completion/command';
import { addConfigCommand } from './config/command';
import { addConsoleCommand } from './console/command';
import { addDisableCommand } from './disable/command';
import { addDoctorCommand } from './doctor/command';
import { addEnableCommand } from './enable/command';
import { addFetchCommand } from './fetch/command';
import { addGraphCommand } from './graph/command';
import { addListCommand } from './list/command';
import { addRequestCommand } from './request/command';
import { addRevokeCommand } from './revoke/command';
import { addRotateCommand } from './rotate/command';
import { exitCodeOf } from './shared/exit-codes';
import { commandFailure, endWithReader } from './shared/failure';
import { errorColors } from './shared/terminal';
import { addShowCommand } from './show/command';
import { addUpCommand } from './up/command';

const program = new Command('mtls-mesh')
  .description('Run mutual TLS service meshes on this machine without an AWS account, and operate deployed ones.')
  .version(version)
  .configureOutput({
    outputError: (text, write) => write(text.replace(/^error:/, errorColors.red('error:'))),
  })
  .exitOverride();

// The work of a command is in a bundle of its own, so that `--help` does not load the sandbox or the AWS clients.
addUpCommand(program, () => require('./up/up'));
const loadClientCommands = (): typeof import('./client-commands') => require('./client-commands');
addFetchCommand(program, loadClientCommands);
addAgentCommand(program, loadClientCommands);
addRequestCommand(program, loadClientCommands);
addConfigCommand(program, loadClientCommands);
const loadOperations = (): typeof import('./operations') => require('./operations');
addDoctorCommand(program, loadOperations);
addListCommand(program, loadOperations);
addShowCommand(program, loadOperations);
addRevokeCommand(program, loadOperations);
addDisableCommand(program, loadOperations);
addEnableCommand(program, loadOperations);
addRotateCommand(program, loadOperations);
addCanCommand(program, loadOperations);
addGraphCommand(program, () => require('./graph/graph'));
addConsoleCommand(program, () => require('./console/console'));
// Last, because it describes the commands that there are.
addCompletionCommand(program);

endWithReader();
program
  .parseAsync()
  .catch((error: unknown) => {
    // Commander has printed its own.
    if (!(error instanceof CommanderError)) console.error(`${errorColors.red('error:')} ${commandFailure(error)}`);
    process.exitCode = exitCodeOf(error);
  })
  // The idle connections of an SDK client would keep the process running.
  .finally(() => process.stdout.write('', () => process.exit()));
