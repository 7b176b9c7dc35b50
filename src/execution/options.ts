/**
 * The options of a job, resolved once at the root into a frozen, complete, plain object that every thread gets.
 *
 * One table holds name, unit, default, bounds and reason of each; `resolveJobOptions` reports all problems at once.
 */
import { suggest } from '../model/index.ts';
import { type OptionProblem, refuseOptions, showValue } from './option-problem.ts';

export type ExecutionMode = 'continuous';

/** Complete options. `parallelism` is never 0 here. Units, defaults, bounds and reasons: {@link OPTION_TABLE}. */
export interface JobOptions {
  readonly mode: ExecutionMode;
  readonly workers: number;
  readonly parallelism: number;
  readonly keyGroups: number;
  readonly epoch: { readonly intervalMs: number; readonly records: number; readonly slowMs: number };
  readonly state: {
    readonly cacheBytes: number;
    readonly dirtyBytesMax: number;
    readonly retainEpochs: number;
    readonly foldEveryEpochs: number;
    readonly unfoldedBytesMax: number;
  };
  readonly restart: {
    readonly attemptsMax: number;
    readonly windowMs: number;
    readonly delayMs: number;
    readonly delayMaxMs: number;
  };
  readonly channel: { readonly ringBytes: number; readonly frameRecords: number; readonly localRecords: number };
  readonly loop: { readonly stepRecords: number; readonly encodeSliceMs: number; readonly parkMaxMs: number };
  readonly operatorTimeoutMs: number;
  readonly startTimeoutMs: number;
  readonly drainTimeoutMs: number;
}

/** What a user may give: any part of it. */
export type JobOptionsInput = {
  readonly [K in keyof JobOptions]?:
    | (JobOptions[K] extends object
        ? { readonly [N in keyof JobOptions[K]]?: JobOptions[K][N] | undefined }
        : JobOptions[K])
    | undefined;
};

/** Path of a numeric option in the job file. */
export type OptionPath = {
  readonly [K in keyof JobOptions & string]: JobOptions[K] extends number
    ? K
    : JobOptions[K] extends object
      ? `${K}.${keyof JobOptions[K] & string}`
      : never;
}[keyof JobOptions & string];

export interface OptionRow {
  readonly fallback: number;
  readonly min: number;
  readonly max: number;
  readonly reason: string;
}

/** Every numeric option. Paths are those of the job file. */
export const OPTION_TABLE: Readonly<Record<OptionPath, OptionRow>> = {
  workers: {
    fallback: 2,
    min: 1,
    max: 64,
    reason: 'threads about equal to cores, one left for the host and the driver',
  },
  parallelism: { fallback: 0, min: 0, max: 1024, reason: 'subtasks per stage; 0 means one per worker' },
  keyGroups: { fallback: 128, min: 1, max: 32768, reason: 'units keyed state moves in; fixed for a state directory' },
  'epoch.intervalMs': {
    fallback: 1000,
    min: 0,
    max: 3_600_000,
    reason: 'how much is repeated after a crash; no part in latency',
  },
  'epoch.records': {
    fallback: 0,
    min: 0,
    max: 1e12,
    reason: 'begin an epoch early after so many records read; 0 means never',
  },
  'epoch.slowMs': { fallback: 60_000, min: 1, max: 86_400_000, reason: 'an epoch open for longer is reported as slow' },
  'state.cacheBytes': {
    fallback: 268_435_456,
    min: 65_536,
    max: 2 ** 40,
    reason: 'state held in memory by each worker, in bytes',
  },
  'state.dirtyBytesMax': {
    fallback: 134_217_728,
    min: 65_536,
    max: 2 ** 40,
    reason: 'changed state of one subtask that asks for an early epoch',
  },
  'state.retainEpochs': { fallback: 2, min: 2, max: 1000, reason: 'newest epochs that stay restorable' },
  'state.foldEveryEpochs': {
    fallback: 8,
    min: 1,
    max: 10_000,
    reason: 'epochs folded into the base tables together; more writes less and pins more in memory',
  },
  'state.unfoldedBytesMax': {
    fallback: 268_435_456,
    min: 1,
    max: 2 ** 40,
    reason: 'deltas not yet folded that delay the next epoch',
  },
  'restart.attemptsMax': {
    fallback: 10,
    min: 0,
    max: 1e6,
    reason: 'restarts within restart.windowMs before the job fails',
  },
  'restart.windowMs': { fallback: 300_000, min: 1, max: 86_400_000, reason: 'see restart.attemptsMax' },
  'restart.delayMs': { fallback: 100, min: 0, max: 600_000, reason: 'before the first restart; doubled each time' },
  'restart.delayMaxMs': { fallback: 30_000, min: 0, max: 3_600_000, reason: 'bound of the doubling' },
  'channel.ringBytes': {
    fallback: 1_048_576,
    min: 4096,
    max: 2 ** 30,
    reason: 'shared memory per pair of subtasks that crosses threads',
  },
  'channel.frameRecords': { fallback: 512, min: 1, max: 65_536, reason: 'records encoded at once; more gains nothing' },
  'channel.localRecords': {
    fallback: 1024,
    min: 2,
    max: 1_048_576,
    reason: 'bound of a queue between subtasks of one thread',
  },
  'loop.stepRecords': {
    fallback: 256,
    min: 1,
    max: 65_536,
    reason: 'records one subtask takes before the next has its turn',
  },
  'loop.encodeSliceMs': {
    fallback: 0.5,
    min: 0.01,
    max: 100,
    reason: 'state encoding between two steps (design decision 3)',
  },
  'loop.parkMaxMs': {
    fallback: 50,
    min: 1,
    max: 1000,
    reason: 'longest sleep of an idle worker; bells wake it at once',
  },
  operatorTimeoutMs: {
    fallback: 30_000,
    min: 10,
    max: 86_400_000,
    reason: 'a worker that does not come back from user code is replaced',
  },
  startTimeoutMs: { fallback: 30_000, min: 100, max: 600_000, reason: 'a worker that does not get ready is lost' },
  drainTimeoutMs: {
    fallback: 10_000,
    min: 1,
    max: 3_600_000,
    reason: 'a drain that takes longer is given up; nothing is lost',
  },
};

/** Checks and completes options. Later inputs win over earlier ones. Throws `OptionError` with every problem. */
export function resolveJobOptions(...inputs: readonly JobOptionsInput[]): JobOptions {
  const problems = inputs.flatMap((input) => findUnknown(input, []));
  const { mode, isModeKnown } = resolveMode(inputs);
  if (!isModeKnown) problems.push(modeProblem(mode));
  const resolved: Record<string, unknown> = { mode };
  for (const [path, row] of ROWS) {
    const given = inputs.map((input) => valueAt(input, path)).filter((value) => value !== undefined);
    const value = given.length === 0 ? row.fallback : given[given.length - 1];
    const problem = rangeProblem(path, row, value);
    if (problem === undefined) put(resolved, path, value as number);
    else problems.push(problem);
  }
  if (resolved['parallelism'] === 0 && resolved['workers'] !== undefined) resolved['parallelism'] = resolved['workers'];
  const { parallelism, keyGroups } = resolved as Partial<JobOptions>;
  if (parallelism !== undefined && keyGroups !== undefined && parallelism > keyGroups) {
    problems.push({ path: 'parallelism', message: describeTooFewKeyGroups(parallelism, keyGroups) });
  }
  refuseOptions('the options of the job', problems);
  return deepFreeze(resolved as unknown as JobOptions);
}

/**
 * What is wrong with options by themselves, whatever others they are combined with. `others`: names that stand beside them and
 * may have been meant.
 */
export function findOptionProblems(input: JobOptionsInput, others: readonly string[] = []): readonly OptionProblem[] {
  const problems = findUnknown(input, others);
  const { mode, isModeKnown } = resolveMode([input]);
  if (!isModeKnown) problems.push(modeProblem(mode));
  for (const [path, row] of ROWS) {
    const value = valueAt(input, path);
    const problem = value === undefined ? undefined : rangeProblem(path, row, value);
    if (problem !== undefined) problems.push(problem);
  }
  return problems;
}

export function describeTooFewKeyGroups(parallelism: number, keyGroups: number): string {
  return `must be at most keyGroups (${keyGroups}), or a subtask would own no key, not ${parallelism}`;
}

const ROWS = Object.entries(OPTION_TABLE) as readonly [OptionPath, OptionRow][];

/** Names of groups (`epoch`), each with the names in it. */
const GROUPS: ReadonlyMap<string, readonly string[]> = ROWS.reduce((groups, [path]) => {
  const [group, name] = path.split('.') as [string, string | undefined];
  return name === undefined ? groups : groups.set(group, [...(groups.get(group) ?? []), name]);
}, new Map<string, readonly string[]>());

const NAMES: readonly string[] = ['mode', ...new Set(ROWS.map(([path]) => path.split('.')[0]!))];

function resolveMode(inputs: readonly JobOptionsInput[]): { readonly mode: unknown; readonly isModeKnown: boolean } {
  const given = inputs.map((input): unknown => input.mode).filter((mode) => mode !== undefined);
  const mode = given.length === 0 ? 'continuous' : given[given.length - 1];
  return { mode, isModeKnown: mode === 'continuous' };
}

function modeProblem(mode: unknown): OptionProblem {
  return { path: 'mode', message: `must be "continuous" so far, not ${showValue(mode)}` };
}

function rangeProblem(path: OptionPath, row: OptionRow, value: unknown): OptionProblem | undefined {
  // Times may be fractions of a millisecond; everything else is counted.
  const isTime = path.endsWith('Ms');
  const isNumber = typeof value === 'number' && (isTime || Number.isSafeInteger(value));
  if (isNumber && value >= row.min && value <= row.max) return undefined;
  const kind = isTime ? 'a number' : 'a whole number';
  return { path, message: `must be ${kind} from ${row.min} to ${row.max}, not ${showValue(value)} (${row.reason})` };
}

function valueAt(input: JobOptionsInput, path: OptionPath): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (at, name) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[name] : undefined),
      input,
    );
}

function put(target: Record<string, unknown>, path: string, value: number): void {
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
  const elsewhere = ROWS.map(([path]) => path).find((path) => path === name || path.endsWith(`.${name}`));
  return { path: name, message: 'no such option', suggestion: suggest(name, known) ?? elsewhere };
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) deepFreeze(inner);
  return Object.freeze(value);
}
