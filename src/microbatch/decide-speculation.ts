/**
 * How long a task may run before it counts as a straggler, which is run a second time. Pure. The rule is Spark's (speculation, there
 * off by default), with a fallback for stages of few tasks, which Spark has none for.
 */
import type { DurationMs } from '../model/index.ts';

/** This part of a stage's tasks is done before the others are compared with them. */
const QUANTILE = 0.75;
/** A straggler takes longer than this many medians. */
const MULTIPLIER = 1.5;
/** Nobody is a straggler sooner: a second attempt costs about a millisecond by itself. */
const THRESHOLD_MIN_MS = 100;
/** Fewer tasks of earlier batches say nothing. */
const EARLIER_MIN = 5;

/** A task that is done. */
export interface TaskTime {
  readonly durationMs: DurationMs;
  /** Of its input, where known. */
  readonly records: number | undefined;
}

export interface StageTimes {
  /** Tasks of the stage in this superstep. */
  readonly tasks: number;
  /** Those of them that are done. */
  readonly done: readonly TaskTime[];
  /** The newest tasks of the stage in earlier batches. */
  readonly earlier: readonly TaskTime[];
}

/**
 * `undefined`: nothing is known to compare with. Where a superstep has too few tasks for a quantile that leaves one over, the
 * measure is the tasks of earlier batches: time per record, where all counts are known, else time.
 */
export function decideStragglerMs(stage: StageTimes, records: number | undefined): DurationMs | undefined {
  const quorum = Math.ceil(stage.tasks * QUANTILE);
  const expectedMs = quorum < stage.tasks ? expectedFrom(stage.done, quorum) : expectedFromEarlier(stage, records);
  return expectedMs === undefined ? undefined : Math.max(THRESHOLD_MIN_MS, MULTIPLIER * expectedMs);
}

function expectedFrom(done: readonly TaskTime[], quorum: number): DurationMs | undefined {
  return done.length < quorum ? undefined : median(done.map(({ durationMs }) => durationMs));
}

function expectedFromEarlier({ earlier }: StageTimes, records: number | undefined): DurationMs | undefined {
  if (earlier.length < EARLIER_MIN) return undefined;
  const perRecord = earlier.flatMap((task) =>
    task.records === undefined || task.records === 0 ? [] : [task.durationMs / task.records],
  );
  const isComparable = records !== undefined && records > 0 && perRecord.length >= EARLIER_MIN;
  return isComparable ? median(perRecord) * records : median(earlier.map(({ durationMs }) => durationMs));
}

/** Of at least one value. Of two in the middle, the greater: rather no second attempt than one too many. */
function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
