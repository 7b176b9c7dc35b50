/**
 * Drives a whole job step by step, synchronously, under a clock that only the test moves: no threads, no files, no ports. The plan, the
 * operators, the subtasks, the epochs and the state are those of the product; sources and sinks are the test's, by their names.
 */
import type { JobOptionsInput } from '../execution/options.ts';
import type { DurationMs, Epoch, Key, TimestampMs } from '../model/index.ts';
import type { JobDefinition } from '../plan/index.ts';
import { DrivenJob } from './driven-job.ts';
import type { SinkRow } from './driven-sink.ts';
import type { PendingTimer, StateContent } from './state-content.ts';

export interface TestJobOptions {
  /** Default 'continuous'. */
  readonly mode?: 'continuous' | 'microbatch' | undefined;
  /** Options of the job. Parallelism is 1 where nothing else is said. */
  readonly options?: JobOptionsInput | undefined;
  /**
   * `each-step` (default): behind every step an epoch is committed, in microbatch mode a batch is run. `manual`: only by
   * {@link TestJob.advanceEpoch}; in microbatch mode nothing moves before.
   */
  readonly epochs?: 'each-step' | 'manual' | undefined;
  /** Behind every step, and its epoch, the job is killed and goes on from that epoch. Default false. */
  readonly restoreEachStep?: boolean | undefined;
  /** Number of splits of a source, by its name. Default 1. */
  readonly splits?: Readonly<Record<string, number>> | undefined;
  /** Where the wall clock stands at first. Default 2026-01-01, UTC. */
  readonly startedAt?: TimestampMs | undefined;
}

/** A source of the job, fed by the test. Every method is a step and returns the job. */
export interface TestSource<T> {
  /** `at`: event time, in place of what the job reads from the value. `split`: counted from 0. */
  add(value: T, options?: { readonly at?: TimestampMs | undefined; readonly split?: number | undefined }): TestJob;
  /** Many records in one step. */
  addAll(values: Iterable<T>): TestJob;
  /** Says of the split that what follows is later: the watermark behind this source goes there, if other splits allow. */
  advanceWatermark(to: TimestampMs, split?: number): TestJob;
  /** Nothing will ever come again: its watermark goes to the end of time. */
  end(): TestJob;
}

export interface TestSink<T> {
  /** Values in the order of writing. Behind a restart those that were not committed are gone, until they are written again. */
  rows(): readonly T[];
  /** Those of committed epochs: what a reader of a `committed` sink sees. */
  committed(): readonly T[];
  /** Those since it was last called. */
  take(): readonly T[];
  /** With keys, event times and epochs. */
  records(): readonly SinkRow<T>[];
}

/**
 * Synchronous; a throw of user code comes out of the step that led to it, and only {@link restart} goes on then. State, timers and counts are
 * those of the last epoch.
 */
export interface TestJob {
  /** Throws when there is no source of that name. */
  source<T = unknown>(name: string): TestSource<T>;
  sink<T = unknown>(name: string): TestSink<T>;
  /** The wall clock goes on; what falls due on the way (timers, idle sources) happens at its time. */
  advanceTime(byMs: DurationMs): TestJob;
  /** Commits an epoch; in microbatch mode runs a batch of what was added, and one more while windows are due. */
  advanceEpoch(): TestJob;
  /** Ends all sources, and commits the last epoch. */
  end(): TestJob;
  /** Kills the job and starts it again from the last epoch. What was added since is read again. */
  restart(): TestJob;
  /** For `asyncMap`: resolves when promises have settled and what followed is done. Retries and timeouts come by {@link advanceTime}. */
  settle(): Promise<TestJob>;
  /** What the operator keeps under a key, by name of the state. Empty states are absent. */
  state(node: string, key: Key): Readonly<Record<string, StateContent>>;
  /** Pending timers of all keys, in the order in which they would fire, event time first. */
  timers(node: string): readonly PendingTimer[];
  /** Records that came too late for the operator. */
  late(node: string): number;
  /** In force in front of the operator; for operators in a chain that of its first one. */
  watermark(node: string): TimestampMs;
  now(): TimestampMs;
  /** The last one committed; 0: none. */
  readonly epoch: Epoch;
  /** Names of operators, as {@link state}, {@link timers} and {@link late} take them. */
  readonly nodes: readonly string[];
  close(): void;
}

/**
 * @example
 * ```ts
 * const job = testJob(delays);
 * job.source('flights').add({ origin: 'HAM', date: '2026-01-01T10:00:00Z', delay: 20 }).end();
 * job.sink('hourly').rows();
 * ```
 */
export function testJob(definition: JobDefinition, options: TestJobOptions = {}): TestJob {
  return new DrivenJob(definition, options);
}
