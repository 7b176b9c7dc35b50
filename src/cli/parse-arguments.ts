/** Words of a command line to a command. Pure. Values stay strings: `--state 007` is a directory, not a number. */
import { parseArgs } from 'node:util';
import { suggest } from '../config/index.ts';
import { COMMANDS, type CommandName, optionsOf } from './command-table.ts';
import { UsageError } from './usage-error.ts';

export type ParsedArguments =
  | { readonly kind: 'help'; readonly command: CommandName | undefined }
  | { readonly kind: 'version' }
  | {
      readonly kind: 'command';
      readonly command: CommandName;
      readonly positionals: readonly string[];
      /** Given options only; `true` for switches. */
      readonly options: Readonly<Record<string, string | true>>;
    };

/** Throws {@link UsageError}. */
export function parseArguments(words: readonly string[]): ParsedArguments {
  const [first, ...rest] = words;
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    return { kind: 'help', command: isCommand(rest[0]) ? rest[0] : undefined };
  }
  if (first === '--version' || first === '-v') return { kind: 'version' };
  if (!isCommand(first)) {
    const commands = Object.keys(COMMANDS);
    const meant = suggest(first, commands);
    const hint = meant === undefined ? `; there are ${commands.join(', ')}` : `; did you mean ${meant}?`;
    throw new UsageError(`there is no command ${JSON.stringify(first)}${hint}`);
  }
  const { options, positionals } = readWords(first, rest);
  if (options['help'] === true) return { kind: 'help', command: first };
  const { positionalsMin, positionalsMax, usage } = COMMANDS[first];
  if (positionals.length < positionalsMin)
    throw new UsageError(`something is missing: millrace ${first} ${usage}`, first);
  if (positionals.length > positionalsMax) {
    throw new UsageError(
      `${JSON.stringify(positionals[positionalsMax])} is one word too many: millrace ${first} ${usage}`,
      first,
    );
  }
  return { kind: 'command', command: first, positionals, options };
}

function readWords(
  command: CommandName,
  words: readonly string[],
): { options: Record<string, string | true>; positionals: readonly string[] } {
  const known = optionsOf(command);
  const { tokens, positionals } = parseArgs({
    args: [...words],
    options: Object.fromEntries(
      Object.entries(known).map(([name, { value }]) => [
        name,
        { type: value === undefined ? 'boolean' : 'string' } as const,
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const options: Record<string, string | true> = {};
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const row = Object.hasOwn(known, token.name) ? known[token.name] : undefined;
    if (row === undefined) throw unknownOption(command, token.rawName, Object.keys(known));
    if (Object.hasOwn(options, token.name)) throw new UsageError(`--${token.name} is given twice`, command);
    if (row.value === undefined && token.value !== undefined)
      throw new UsageError(`--${token.name} takes no value`, command);
    if (row.value !== undefined && (token.value === undefined || token.value === '')) {
      throw new UsageError(`--${token.name} needs a value: --${token.name} ${row.value}`, command);
    }
    options[token.name] = token.value ?? true;
  }
  return { options, positionals };
}

function unknownOption(command: CommandName, given: string, known: readonly string[]): UsageError {
  const meant = suggest(given.replace(/^-+/, ''), known);
  const hint =
    meant === undefined ? `; there are ${known.map((name) => `--${name}`).join(', ')}` : `; did you mean --${meant}?`;
  return new UsageError(`there is no option ${given} of millrace ${command}${hint}`, command);
}

function isCommand(word: string | undefined): word is CommandName {
  return word !== undefined && Object.hasOwn(COMMANDS, word);
}
