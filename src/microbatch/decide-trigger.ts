/**
 * When batches start, and when a job that runs in batches is done. Pure functions over plain state; the driver loop does what they
 * say:
 *
 * ```
 * state = beginTrigger()                             // once in a run: it outlives the generations
 * in each generation: a planned batch that was not committed runs first, as it was planned; then deriveCommitted
 * loop:
 *   { step, state } = decideTurn(options, state, now)         'finish': end; 'wait': wait and ask again
 *   'survey': surveys = survey of all sources, with state.end as its bound; state = deriveEnd(options, state, surveys)
 *   decideBatch(options, state, planBatch(... limitsOf ...), now, wakeInMs)
 *     'wait': wait and begin again; 'finish': end; 'run': run the plan, state = deriveCommitted(state), end where `stop` says so
 * ```
 *
 * Waiting may end at any time before: asking again is harmless. Rules of engines: Spark's triggers.
 */
import type { StopKind } from '../execution/engine.ts';
import type { BatchTrigger } from '../execution/options.ts';
import type { DurationMs, SourceOffsets, TimestampMs } from '../model/index.ts';
import { type BatchLimits, freezeEnd, type PlannedBatch, type SurveyedSources } from './plan-batch.ts';

export interface TriggerOptions {
  readonly trigger: BatchTrigger;
  /** Of trigger `interval`, more than 0; others do not look at it. */
  readonly intervalMs: DurationMs;
}

/** What a trigger remembers of a run. */
export interface TriggerState {
  /** Wall clock before which no turn is taken. */
  readonly dueAt: TimestampMs;
  /** Batches committed in this run. */
  readonly batches: number;
  /** The end that is read up to, where it was frozen at the start. */
  readonly end: SourceOffsets | undefined;
}

export type TurnStep =
  | { readonly kind: 'survey' }
  | { readonly kind: 'wait'; readonly forMs: DurationMs }
  | { readonly kind: 'finish'; readonly stop: StopKind };

export type BatchStep =
  /** `stop`: the job ends behind this batch, which may be run as the final one. */
  | { readonly kind: 'run'; readonly stop: StopKind | undefined }
  /** A batch without data, for timers that have become due. */
  | { readonly kind: 'run-empty' }
  /** `Infinity`: until something happens. */
  | { readonly kind: 'wait'; readonly forMs: DurationMs }
  | { readonly kind: 'finish'; readonly stop: StopKind };

/** A source that has nothing and wants to be asked at once is asked again after so long: a survey is not free. */
const WAIT_MIN_MS = 1;

export function beginTrigger(): TriggerState {
  return { dueAt: Number.NEGATIVE_INFINITY, batches: 0, end: undefined };
}

/**
 * Whether to look at the sources now. Under `interval` a turn that is taken sets the next one to the next multiple of the interval on the
 * wall clock, whether or not it finds anything: a batch that takes longer is followed at once by the next, and boundaries
 * missed in between are not made up. `now` is wall clock, ms.
 */
export function decideTurn(
  options: TriggerOptions,
  state: TriggerState,
  now: TimestampMs,
): { readonly step: TurnStep; readonly state: TriggerState } {
  // Also when that batch was planned before a crash: it is the one.
  if (options.trigger === 'once' && state.batches > 0) return { step: { kind: 'finish', stop: 'drain' }, state };
  if (options.trigger !== 'interval') return { step: { kind: 'survey' }, state };
  const forMs = state.dueAt - now;
  // Further off than one interval: the wall clock was set back since.
  if (forMs > 0 && forMs <= options.intervalMs) return { step: { kind: 'wait', forMs }, state };
  return { step: { kind: 'survey' }, state: { ...state, dueAt: boundaryAfter(now, options.intervalMs) } };
}

/** Freezes the end at the first survey of a run that reads only what is there at its start. */
export function deriveEnd(options: TriggerOptions, state: TriggerState, surveys: SurveyedSources): TriggerState {
  return endsByItself(options) && state.end === undefined ? { ...state, end: freezeEnd(surveys) } : state;
}

/** `once` is one batch of everything; all others keep to the limits of the job. */
export function limitsOf(options: TriggerOptions, limits: BatchLimits): BatchLimits {
  if (options.trigger !== 'once') return limits;
  return { records: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };
}

/**
 * What to do with what the sources have. `wakeInMs`: for how long none of them has anything new of itself; `Infinity`: until
 * something happens. `isTimeDue`: a batch without data would fire timers. A job is `complete` when every source has ended; a frozen end is a `drain`.
 */
export function decideBatch(
  options: TriggerOptions,
  state: TriggerState,
  planned: Pick<PlannedBatch, 'plan' | 'hasMore' | 'isEnd'>,
  now: TimestampMs,
  wakeInMs: DurationMs,
  isTimeDue = false,
): BatchStep {
  const isOver = endsByItself(options) && (!planned.hasMore || options.trigger === 'once');
  const stop = planned.isEnd ? 'complete' : isOver ? 'drain' : undefined;
  if (planned.plan !== undefined) return { kind: 'run', stop };
  // The last batch of a job that is complete does it anyway, and `once` is one batch.
  if (isTimeDue && stop !== 'complete' && options.trigger !== 'once') return { kind: 'run-empty' };
  if (stop !== undefined) return { kind: 'finish', stop };
  const forMs = Math.max(WAIT_MIN_MS, wakeInMs);
  if (options.trigger !== 'interval' || forMs === Number.POSITIVE_INFINITY) return { kind: 'wait', forMs };
  const wakeAt = now + forMs;
  // The first boundary at which there may be something.
  const dueAt = wakeAt <= state.dueAt ? state.dueAt : Math.ceil(wakeAt / options.intervalMs) * options.intervalMs;
  return { kind: 'wait', forMs: dueAt - now };
}

export function deriveCommitted(state: TriggerState): TriggerState {
  return { ...state, batches: state.batches + 1 };
}

function endsByItself({ trigger }: TriggerOptions): boolean {
  return trigger === 'available-now' || trigger === 'once';
}

function boundaryAfter(now: TimestampMs, intervalMs: DurationMs): TimestampMs {
  return Math.floor(now / intervalMs) * intervalMs + intervalMs;
}
