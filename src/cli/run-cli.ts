/** Words to an exit code: finds the command, runs it, and says what went wrong. Everything real comes in through the ports. */
import { MillraceError } from '../index.ts';
import { renderHelp } from './command-table.ts';
import { compareCommand } from './compare-command.ts';
import { decideErrorExitCode, EXIT_DONE } from './decide-exit-code.ts';
import { escapeLines } from './escape-text.ts';
import { type ParsedArguments, parseArguments } from './parse-arguments.ts';
import { explainCommand, validateCommand } from './plan-commands.ts';
import { runCommand } from './run-command.ts';
import type { CliPorts } from './runner.ts';
import { stateCommand } from './state-command.ts';
import { UsageError } from './usage-error.ts';

/** Never rejects. */
export async function runCli(words: readonly string[], version: string, ports: CliPorts): Promise<number> {
  try {
    const parsed = parseArguments(words);
    switch (parsed.kind) {
      case 'help':
        ports.terminal.out(renderHelp(parsed.command));
        return EXIT_DONE;
      case 'version':
        ports.terminal.out(`${version}\n`);
        return EXIT_DONE;
      case 'command':
        return await dispatch(parsed, ports);
    }
  } catch (error) {
    ports.terminal.err(renderError(error));
    return decideErrorExitCode(error);
  }
}

async function dispatch(parsed: Extract<ParsedArguments, { kind: 'command' }>, ports: CliPorts): Promise<number> {
  const { command, positionals, options } = parsed;
  const [first, ...rest] = positionals as [string, ...string[]];
  switch (command) {
    case 'run':
      return runCommand(first, options, ports);
    case 'compare':
      return compareCommand(first, options, ports);
    case 'validate':
      await validateCommand(first, options, ports.terminal);
      return EXIT_DONE;
    case 'explain':
      await explainCommand(first, options, ports.terminal);
      return EXIT_DONE;
    case 'state':
      return stateCommand(first, rest, options['json'] === true, ports.terminal);
  }
}

/** A mistake is a sentence; anything unforeseen keeps its stack. */
function renderError(error: unknown): string {
  if (error instanceof UsageError) {
    const help = error.command === undefined ? 'millrace --help' : `millrace ${error.command} --help`;
    return escapeLines(`millrace: ${error.message}\n(${help} says more)\n`);
  }
  if (error instanceof MillraceError) return escapeLines(`millrace: ${error.message}\n`);
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return escapeLines(`millrace: unexpected: ${text}\n`);
}
