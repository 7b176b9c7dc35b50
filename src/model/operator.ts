/**
 * What operators implement. An operator processes one record to completion, synchronously, and knows nothing of epochs,
 * threads or modes.
 */
import type { StreamRecord } from './element.ts';
import type { NodeId, SubtaskIndex } from './ids.ts';
import type { Key } from './key.ts';
import type { StateAccess } from './state.ts';
import type { Cancellable, DurationMs, MonotonicMs, TimestampMs } from './time.ts';
import type { DueTimer } from './timer.ts';

/** Index of a side output; 0 is the main output. */
export type OutputIndex = number;

export interface Emitter<T = unknown> {
  /** Emits to the main output. Never fails; back-pressure is the loop's business. */
  emit(record: StreamRecord<T>): void;
  /** Emits to the output of that index, in the order the node declares them. */
  emitTo(output: OutputIndex, record: StreamRecord): void;
}

/**
 * What state a node keeps. `keyed`: under the keys of its records. `own`: under keys of its own choice in the groups of its subtask, whatever
 * keys its records have. `broadcast`: every subtask keeps the same, for keys of all groups.
 */
export type StateUse = 'none' | 'keyed' | 'own' | 'broadcast';

export interface OperatorContext {
  readonly node: NodeId;
  readonly subtask: SubtaskIndex;
  readonly parallelism: number;
  /** Keyed state. Present exactly when the plan says the node has state. */
  readonly state: StateAccess | undefined;
  /**
   * For nodes that keep state under keys of their own choice, not those of their records: one key for each key group of the subtask, the same
   * in every run. What another subtask kept before a restart with another parallelism is found under them too.
   */
  readonly ownKeys: readonly Key[];
  /** For such nodes: makes a key current, one of `ownKeys`, or any key where the state is that of a broadcast table. */
  useKey(key: Key): void;
  readonly time: OperatorTime;
  /** Counts records that came too late for this operator (or have no time where one is needed), for `status`. Default 1. */
  countLate(records?: number): void;
  /** Number of key groups of the job: tells which of {@link ownKeys} is in the group of a key (`keyGroupOf`). */
  readonly keyGroups: number;
  /** For asynchronous operators: calls back between two calls of the operator, not before `delayMs` have passed by the clock of the thread. */
  schedule(delayMs: DurationMs, callback: () => void): Cancellable;
  /** For asynchronous operators: {@link AsynchronousWork.hasSettled} may have become true outside any call of the operator. Cheap. */
  wake(): void;
}

/** The time an operator lives in. Both clocks stand still during a call. */
export interface OperatorTime {
  /** In force for the records being processed; during `onTimer` of an event-time timer and `onWatermark`, already the new one. */
  watermark(): TimestampMs;
  /** Wall clock of the step at hand; in microbatch the time at which the batch was planned, so that a replay sees it again. */
  now(): TimestampMs;
  /** What the operator is working for now was due at: for `ingestTime` of records that no single record led to. */
  ingestTime(): MonotonicMs;
}

/** One instance lives in one subtask of one generation. A throw in any method ends the generation. */
export interface Operator<In = unknown, Out = unknown> {
  /** Called once, before the first record. Declare states here. */
  open?(context: OperatorContext): void;
  process(record: StreamRecord<In>, out: Emitter<Out>): void;
  /** Records of the second input, for the nodes that have two; `process` takes those of the first. */
  processSecond?(record: StreamRecord, out: Emitter<Out>): void;
  /**
   * A timer is due (see {@link TimerQueue}); its key is current. Called in ascending order of time, all timers up to a watermark before
   * {@link onWatermark} and before any later record. It is gone when this is called; it may be set again.
   */
  onTimer?(timer: DueTimer, out: Emitter<Out>): void;
  /**
   * Emits what it holds back so as to make fewer records of it. Called before anything could overtake that: before a marker, before a watermark
   * is passed on, at the end of each step; from the head of a chain to its end. Behind it nothing is held, so what is held needs no state.
   */
  flush?(out: Emitter<Out>): void;
  /** The watermark has risen, and every timer up to it has fired. No key is current. */
  onWatermark?(watermark: TimestampMs, out: Emitter<Out>): void;
  /**
   * The watermark behind this operator when `watermark` is in front of it: lower where results may still come for earlier times (joins).
   * Pure, never falling, at most `watermark`. Absent: the same.
   */
  outputWatermark?(watermark: TimestampMs): TimestampMs;
  /** For operators that wait for something outside. */
  readonly asynchronous?: AsynchronousWork<Out> | undefined;
  close?(): void;
}

/**
 * What an engine asks of an operator that has calls under way. Watermarks that arrive wait inside the operator behind the records before
 * them: `emitSettled` gives them out again. Markers do not wait: what is under way is in its state.
 *
 * After a restore all of it begins again in `open`, so there may be results before the first record: the last watermark that was given out
 * comes first, then what follows from the unfinished inputs. For what is behind the operator time begins anew, unset, unless nothing is pending:
 * then the watermark in front of it is in force there too.
 */
export interface AsynchronousWork<Out = unknown> {
  /** No more input until calls have settled. */
  isFull(): boolean;
  /** Calls, results and watermarks not given out yet. */
  pending(): number;
  /** Whether {@link emitSettled} would give something out. */
  hasSettled(): boolean;
  /**
   * Emits what has settled and may go out, and calls `passWatermark` where a waiting watermark is next. Throws what a call failed with for
   * good. True when something was given out.
   */
  emitSettled(out: Emitter<Out>, passWatermark: (watermark: TimestampMs) => void): boolean;
  /** In place of the watermark passing through at once. Timers of such operators have fired before. */
  holdWatermark(watermark: TimestampMs): void;
}
