import addCompletion from '@bomb.sh/tab/commander';
import type { Command } from 'commander';
import { EXIT_CODES_HELP } from '../shared/exit-codes';

const COMMAND = 'completion';

const SETUP = `
Add it to the start-up file of your shell:
  ~/.bashrc                   source <(mtls-mesh completion bash)
                              (needs the package bash-completion)
  ~/.zshrc, after compinit    source <(mtls-mesh completion zsh)
  ~/.config/fish/config.fish  mtls-mesh completion fish | source
  $PROFILE of PowerShell      mtls-mesh completion powershell | Out-String |
                                Invoke-Expression`;

/** Adds the command that prints completion scripts, and the hidden one that these ask for completions. */
export function addCompletionCommand(program: Command): void {
  addCompletion(program, { completionCommandName: COMMAND });
  program.commands
    .find((command) => command.name() === COMMAND)
    ?.description('Print a script with which a shell completes the commands and options.')
    .addHelpText('after', `${SETUP}\n${EXIT_CODES_HELP}`);
}
