/** Commands and their options as data: the parser, the help and the tests read the same table. */

export interface OptionRow {
  /** Shown in the help behind `--name`; absent for switches, which take no value. */
  readonly value?: string;
  readonly help: string;
}

export interface CommandRow {
  /** Behind `millrace NAME`. */
  readonly usage: string;
  readonly help: string;
  readonly positionalsMin: number;
  readonly positionalsMax: number;
  readonly options: Readonly<Record<string, OptionRow>>;
}

export type CommandName = 'run' | 'compare' | 'validate' | 'explain' | 'state';

const PLAN_OPTIONS: Readonly<Record<string, OptionRow>> = {
  mode: { value: 'MODE', help: 'continuous, microbatch or adaptive; default: what the job says, else continuous' },
  parallelism: { value: 'N', help: 'subtasks per stage; default: what the job says, else one per worker' },
  workers: { value: 'N', help: 'worker threads; default: what the job says, else 2' },
};

export const COMMANDS: Readonly<Record<CommandName, CommandRow>> = {
  run: {
    usage: 'JOB [options]',
    help: 'run a job until its sources end, it is stopped, or --until says so',
    positionalsMin: 1,
    positionalsMax: 1,
    options: {
      ...PLAN_OPTIONS,
      trigger: {
        value: 'WHEN',
        help: 'when batches start: as-soon-as-possible, available-now, once, or a duration between them; means --mode microbatch where no mode is given',
      },
      until: { value: 'WHEN', help: 'idle, a duration (500ms, 30s, 5m, 1h) or a number of records' },
      state: { value: 'DIR', help: 'the state directory of this job' },
      quiet: { help: 'no progress and no summary' },
      json: { help: 'the summary as one line of JSON' },
    },
  },
  compare: {
    usage: 'JOB [options]',
    help: 'run a job over the same input in both modes: prove that the outputs are equal, measure side by side',
    positionalsMin: 1,
    positionalsMax: 1,
    options: {
      rate: {
        value: 'R',
        help: 'records per second for the latencies; default auto: what all variants can keep up with',
      },
      duration: { value: 'S', help: 'how long each run on schedule takes, in seconds or as 30s, 2m; default 10' },
      records: {
        value: 'N',
        help: 'records of each source to compare over; default: all; needed where a source never ends',
      },
      intervals: { value: 'MS,MS', help: 'trigger intervals of microbatch mode in ms; default 100,1000' },
      parallelism: { value: 'N', help: 'subtasks per stage; default: what the job says, else one per worker' },
      workers: { value: 'N', help: 'worker threads; default: what the job says, else 2' },
      json: { help: 'everything as one line of JSON' },
      report: { value: 'FILE', help: 'also measure throughput-latency curves, and write all of it as one HTML page' },
      keep: { value: 'DIR', help: 'work in this empty folder and leave outputs and state there' },
    },
  },
  validate: {
    usage: 'JOB [options]',
    help: 'every problem of a job at once, with its path and a suggestion; starts nothing',
    positionalsMin: 1,
    positionalsMax: 1,
    options: PLAN_OPTIONS,
  },
  explain: {
    usage: 'JOB [options]',
    help: 'the plan: stages, exchanges, chains',
    positionalsMin: 1,
    positionalsMax: 1,
    options: { ...PLAN_OPTIONS, mermaid: { help: 'as a Mermaid diagram' } },
  },
  state: {
    usage:
      'DIR [list | show [EPOCH] | get NODE STATE KEY | get TABLE KEY | export [NODE [STATE]] | table TABLE | verify | dead-letters]',
    help: 'look into a state directory without running the job',
    positionalsMin: 1,
    positionalsMax: 5,
    options: { json: { help: 'one line of JSON per item' } },
  },
};

const COMMON: Readonly<Record<string, OptionRow>> = { help: { help: 'this text' } };

/** The options that `command` takes, `--help` included. */
export function optionsOf(command: CommandName): Readonly<Record<string, OptionRow>> {
  return { ...COMMANDS[command].options, ...COMMON };
}

export function renderHelp(command?: CommandName): string {
  if (command === undefined) {
    const rows = Object.entries(COMMANDS).map(([name, { help }]) => `  ${name.padEnd(10)}${help}`);
    return `${[
      'usage: millrace COMMAND ...',
      '',
      ...rows,
      '',
      'JOB is a JSON job file or a module that exports a job. millrace COMMAND --help says more.',
      'Exit codes: 0 done, 1 the job failed, 2 bad usage or configuration, 130 and 143 stopped by a signal after a clean drain.',
    ].join('\n')}\n`;
  }
  const { usage, help } = COMMANDS[command];
  const names = Object.entries(optionsOf(command)).map(
    ([name, row]) => [row.value === undefined ? `--${name}` : `--${name} ${row.value}`, row.help] as const,
  );
  const width = Math.max(...names.map(([name]) => name.length));
  const rows = names.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`);
  return `${[`usage: millrace ${command} ${usage}`, '', `${help}.`, '', ...rows].join('\n')}\n`;
}
