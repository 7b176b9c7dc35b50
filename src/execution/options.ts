/**
 * The options of a job, resolved once at the root into a frozen, complete, plain object that every thread gets.
 *
 * Two tables (`option-table.ts`) hold what there is; `resolveJobOptions` reports all problems at once.
 */
import { suggest } from '../model/index.ts';
import { type OptionProblem, refuseOptions, showValue } from './option-problem.ts';
import {
  CHOICE_TABLE,
  type ChoicePath,
  type ChoiceRow,
  type JobOptions,
  type JobOptionsInput,
  OPTION_TABLE,
  type OptionPath,
  type OptionRow,
} from './option-table.ts';

export type {
  BatchTrigger,
  EngineMode,
  ExecutionMode,
  JobOptions,
  JobOptionsInput,
  WatermarkAdvance,
} from './option-table.ts';

/** Checks and completes options. Later inputs win over earlier ones. Throws `OptionError` with every problem. */
export function resolveJobOptions(...inputs: readonly JobOptionsInput[]): JobOptions {
  const problems = inputs.flatMap((input) => findUnknown(input, []));
  const resolved: Record<string, unknown> = {};
  for (const path of PATHS) {
    const given = lastGiven(inputs, path);
    const value = given === undefined ? ROWS[path].fallback : given;
    const problem = valueProblem(path, value);
    if (problem === undefined) put(resolved, path, value);
    else problems.push(problem);
  }
  problems.push(...deriveRest(resolved as PartialOptions, lastGiven(inputs, 'batch.trigger') !== undefined));
  refuseOptions('the options of the job', problems);
  return deepFreeze(resolved as unknown as JobOptions);
}

/**
 * What is wrong with options by themselves, whatever others they are combined with. `others`: names that stand beside them and
 * may have been meant.
 */
export function findOptionProblems(input: JobOptionsInput, others: readonly string[] = []): readonly OptionProblem[] {
  const problems = findUnknown(input, others);
  for (const path of PATHS) {
    const value = valueAt(input, path);
    const problem = value === undefined ? undefined : valueProblem(path, value);
    if (problem !== undefined) problems.push(problem);
  }
  return problems;
}

export function describeTooFewKeyGroups(parallelism: number, keyGroups: number): string {
  return `must be at most keyGroups (${keyGroups}), or a subtask would own no key, not ${parallelism}`;
}

type Path = OptionPath | ChoicePath;

/** Options on the way to being complete: what was wrong is absent. */
type PartialOptions = {
  -readonly [K in keyof JobOptions]?: JobOptions[K] extends object
    ? { -readonly [N in keyof JobOptions[K]]?: JobOptions[K][N] }
    : JobOptions[K];
};

const ROWS: Readonly<Record<Path, OptionRow | ChoiceRow>> = { ...CHOICE_TABLE, ...OPTION_TABLE };
const PATHS: readonly Path[] = Object.keys(ROWS) as Path[];

/** Names of groups (`epoch`), each with the names in it. */
const GROUPS: ReadonlyMap<string, readonly string[]> = PATHS.reduce((groups, path) => {
  const [group, name] = path.split('.') as [string, string | undefined];
  return name === undefined ? groups : groups.set(group, [...(groups.get(group) ?? []), name]);
}, new Map<string, readonly string[]>());

const NAMES: readonly string[] = [...new Set(PATHS.map((path) => path.split('.')[0]!))];

/** Fills in what follows from other options, and finds what does not go together. */
function deriveRest(options: PartialOptions, isTriggerGiven: boolean): readonly OptionProblem[] {
  const problems: OptionProblem[] = [];
  if (options.parallelism === 0 && options.workers !== undefined) options.parallelism = options.workers;
  const { parallelism, keyGroups, batch = {}, workers = 1 } = options;
  if (parallelism !== undefined && keyGroups !== undefined && parallelism > keyGroups) {
    problems.push({ path: 'parallelism', message: describeTooFewKeyGroups(parallelism, keyGroups) });
  }
  if (!isTriggerGiven && (batch.intervalMs ?? 0) > 0) batch.trigger = 'interval';
  if (batch.intervalMs === 0 && batch.trigger === 'interval') {
    problems.push({ path: 'batch.intervalMs', message: 'must be more than 0 with batch.trigger "interval", not 0' });
  }
  if (batch.intervalMs === 0 && batch.rateControl === 'pid') {
    const message = 'needs batch.intervalMs to be "pid": that is the time which it keeps batches within';
    problems.push({ path: 'batch.rateControl', message });
  }
  if (options.mode === 'adaptive' && (batch.trigger === 'available-now' || batch.trigger === 'once')) {
    const message = `must not be "${batch.trigger}" with mode "adaptive", which goes on; use mode "microbatch"`;
    problems.push({ path: 'batch.trigger', message });
  }
  const { minWorkers: min, maxWorkers: max } = batch;
  if (min === undefined || max === undefined) return problems;
  if (max > 0 && min > max) {
    problems.push({ path: 'batch.minWorkers', message: `must be at most batch.maxWorkers (${max}), not ${min}` });
  }
  // What is given stands, and what is not gives way to it.
  batch.maxWorkers = max > 0 ? max : Math.max(workers, min);
  batch.minWorkers = min > 0 ? min : Math.min(workers, batch.maxWorkers);
  return problems;
}

function valueProblem(path: Path, value: unknown): OptionProblem | undefined {
  const row = ROWS[path];
  return 'choices' in row ? choiceProblem(path, row, value) : rangeProblem(path, row, value);
}

function choiceProblem(path: string, { choices }: ChoiceRow, value: unknown): OptionProblem | undefined {
  if (typeof value === 'string' && choices.includes(value)) return undefined;
  const allowed = choices.map((choice) => JSON.stringify(choice)).join(', ');
  const suggestion = typeof value === 'string' ? suggest(value, choices) : undefined;
  return { path, message: `must be one of ${allowed}, not ${showValue(value)}`, suggestion };
}

function rangeProblem(path: string, row: OptionRow, value: unknown): OptionProblem | undefined {
  // Times may be fractions of a millisecond; everything else is counted.
  const isTime = path.endsWith('Ms');
  const isNumber = typeof value === 'number' && (isTime || Number.isSafeInteger(value));
  if (isNumber && value >= row.min && value <= row.max) return undefined;
  const kind = isTime ? 'a number' : 'a whole number';
  return { path, message: `must be ${kind} from ${row.min} to ${row.max}, not ${showValue(value)} (${row.reason})` };
}

/** `undefined` where no input says anything; `null` is something, and wrong. */
function lastGiven(inputs: readonly JobOptionsInput[], path: Path): unknown {
  return inputs.map((input) => valueAt(input, path)).findLast((value) => value !== undefined);
}

function valueAt(input: JobOptionsInput, path: Path): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (at, name) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[name] : undefined),
      input,
    );
}

function put(target: Record<string, unknown>, path: string, value: unknown): void {
  const [group, name] = path.split('.') as [string, string | undefined];
  if (name === undefined) {
    target[group] = value;
    return;
  }
  const inner = (target[group] ?? {}) as Record<string, unknown>;
  inner[name] = value;
  target[group] = inner;
}

function findUnknown(input: JobOptionsInput, others: readonly string[]): OptionProblem[] {
  return Object.entries(input).flatMap(([name, value]: [string, unknown]): readonly OptionProblem[] => {
    if (value === undefined) return [];
    const group = GROUPS.get(name);
    if (group === undefined) return NAMES.includes(name) ? [] : [unknownOption(name, [...NAMES, ...others])];
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return [{ path: name, message: `must be an object with ${group.join(', ')}, not ${showValue(value)}` }];
    }
    const strangers = Object.keys(value).filter((inner) => !group.includes(inner));
    return strangers.map((inner) => ({ ...unknownOption(inner, group), path: `${name}.${inner}` }));
  });
}

/** Meant is a name much like it, or one of the same spelling in another place. */
function unknownOption(name: string, known: readonly string[]): OptionProblem {
  const elsewhere = PATHS.find((path) => path === name || path.endsWith(`.${name}`));
  return { path: name, message: 'no such option', suggestion: suggest(name, known) ?? elsewhere };
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) deepFreeze(inner);
  return Object.freeze(value);
}
