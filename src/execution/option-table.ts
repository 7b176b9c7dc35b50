/**
 * What can be set about a job: every option with its type, unit, default, bounds and reason. Data only; checked and completed
 * in `options.ts`.
 */

import type { WatermarkPolicy } from '../model/index.ts';

/** What runs records: live subtasks, or supersteps over bounded ranges of input. */
export type EngineMode = 'continuous' | 'microbatch';

/** What a user asks for. `adaptive`: one engine at a time, changed between two generations as the backlog tells. */
export type ExecutionMode = EngineMode | 'adaptive';

/**
 * When watermarks rise in continuous mode. `record`: with the records. `epoch`: between two epochs, as they do in microbatch mode, so that what is
 * late follows from the content of the epochs alone.
 */
export type WatermarkAdvance = 'record' | 'epoch';

/** When batches start. See `decide-trigger.ts` of microbatch mode. */
export type BatchTrigger = 'as-soon-as-possible' | 'interval' | 'available-now' | 'once';

/**
 * Complete options. `parallelism`, `batch.minWorkers` and `batch.maxWorkers` are never 0 here, and `batch.trigger` is
 * `interval` only with an interval. Units, defaults, bounds and reasons: {@link OPTION_TABLE}, {@link CHOICE_TABLE}.
 */
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
  readonly batch: {
    readonly trigger: BatchTrigger;
    readonly intervalMs: number;
    readonly recordsMax: number;
    readonly bytesMax: number;
    readonly shuffleBytesMax: number;
    readonly attemptsMax: number;
    readonly speculation: 'on' | 'off';
    readonly rateControl: 'off' | 'pid';
    readonly minRate: number;
    readonly minWorkers: number;
    readonly maxWorkers: number;
  };
  readonly watermark: {
    readonly policy: WatermarkPolicy;
    readonly advance: WatermarkAdvance;
    readonly intervalMs: number;
  };
  readonly adaptive: { readonly backlogMs: number; readonly caughtUpMs: number; readonly dwellMs: number };
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

/** Paths, as in the job file, of the options whose values are of type `Value`. */
type PathOf<Value> = {
  readonly [K in keyof JobOptions & string]: JobOptions[K] extends Value
    ? K
    : JobOptions[K] extends object
      ? {
          readonly [N in keyof JobOptions[K] & string]: JobOptions[K][N] extends Value ? `${K}.${N}` : never;
        }[keyof JobOptions[K] & string]
      : never;
}[keyof JobOptions & string];

/** Path of a numeric option in the job file. */
export type OptionPath = PathOf<number>;

/** Path of an option with a few named values. */
export type ChoicePath = PathOf<string>;

export interface OptionRow {
  readonly fallback: number;
  readonly min: number;
  readonly max: number;
  readonly reason: string;
}

export interface ChoiceRow {
  readonly choices: readonly [string, ...string[]];
  readonly fallback: string;
  readonly reason: string;
}

/** Every option that is one of a few words. */
export const CHOICE_TABLE: Readonly<Record<ChoicePath, ChoiceRow>> = {
  mode: {
    choices: ['continuous', 'microbatch', 'adaptive'],
    fallback: 'continuous',
    reason: 'record by record for latency, in batches for throughput; adaptive works off a backlog in batches',
  },
  'batch.trigger': {
    choices: ['as-soon-as-possible', 'interval', 'available-now', 'once'],
    fallback: 'as-soon-as-possible',
    reason:
      'when batches start; an interval without a trigger means interval. available-now: all there is at the start, then end; once: that in one batch',
  },
  'batch.speculation': {
    choices: ['on', 'off'],
    fallback: 'on',
    reason: 'tasks far slower than their like are run a second time on an idle thread; the first to finish counts',
  },
  'batch.rateControl': {
    choices: ['off', 'pid'],
    fallback: 'off',
    reason: 'pid bounds the records of a batch so that it takes no longer than batch.intervalMs',
  },
  'watermark.policy': {
    choices: ['min', 'max'],
    fallback: 'min',
    reason: 'which of several inputs decides what is late: the slowest, or the fastest; fixed for a state directory',
  },
  'watermark.advance': {
    choices: ['record', 'epoch'],
    fallback: 'record',
    reason: 'with the records, or between epochs as in microbatch mode: then what is late is the same in every replay',
  },
};

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
    fallback: 536_870_912,
    min: 1,
    max: 2 ** 40,
    reason: 'memory of changed state not yet folded, of all workers together, that delays the next epoch',
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
  'batch.intervalMs': {
    fallback: 0,
    min: 0,
    max: 86_400_000,
    reason: 'batches start at multiples of it on the wall clock, with trigger interval; 0 means none',
  },
  'batch.recordsMax': {
    fallback: 500_000,
    min: 1,
    max: 1e12,
    reason: 'most records of a batch: what is repeated after a crash',
  },
  'batch.bytesMax': {
    fallback: 67_108_864,
    min: 1,
    max: 2 ** 40,
    reason: 'most bytes that a batch reads of sources that know their sizes; one record is always read',
  },
  'batch.shuffleBytesMax': {
    fallback: 1_073_741_824,
    min: 65_536,
    max: 2 ** 40,
    reason: 'shared memory for what one task of a batch writes to one exchange',
  },
  'batch.attemptsMax': { fallback: 4, min: 1, max: 100, reason: 'times a task may fail before its batch does' },
  'batch.minRate': {
    fallback: 100,
    min: 1,
    max: 1e9,
    reason: 'records per second that rate control never goes below',
  },
  'batch.minWorkers': { fallback: 0, min: 0, max: 64, reason: 'threads kept between batches; 0 means workers' },
  'batch.maxWorkers': { fallback: 0, min: 0, max: 64, reason: 'most threads of a batch; 0 means workers' },
  'watermark.intervalMs': {
    fallback: 1,
    min: 0,
    max: 60_000,
    reason: 'least time between two watermarks of a busy source: each is sent to all who read it',
  },
  'adaptive.backlogMs': {
    fallback: 5000,
    min: 0,
    max: 86_400_000,
    reason: 'sources that have not caught up for so long have a backlog: batches take over',
  },
  'adaptive.caughtUpMs': {
    fallback: 2000,
    min: 0,
    max: 86_400_000,
    reason: 'batches that left nothing behind for so long have caught up: records go one by one again',
  },
  'adaptive.dwellMs': {
    fallback: 10_000,
    min: 0,
    max: 86_400_000,
    reason: 'least time between two switches, each of which stops the job for a moment',
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
