/**
 * What a comparison and the process of one trial say to each other: plain data, sent as JSON.
 *
 * A trial is one run of a rehearsed job in a process of its own, so that its CPU time and memory are its own, and so that it can
 * be killed.
 */
import type { JobReference } from '../config/index.ts';
import type { LatencySummary } from '../execution/latency-histogram.ts';
import type { JobOptionsInput } from '../execution/options.ts';
import type { DurationMs, NodeId } from '../model/index.ts';

/** The one message to the process. */
export interface TrialRequest {
  readonly reference: JobReference;
  readonly options: JobOptionsInput;
  readonly stateDirectory: string;
  /** Records that were due earlier than this, counted from when the job runs, are left out of latencies. */
  readonly warmUpMs: DurationMs;
  /** Sinks of which it is asked when their records became visible: none for a run without pace, or one that is killed. */
  readonly timedSinks: readonly NodeId[];
}

/** From the process. `running` once, then any number of `progress` and `epoch`, then `ended` or `failed`. */
export type TrialMessage =
  | { readonly kind: 'running' }
  | {
      readonly kind: 'progress';
      readonly recordsRead: number;
      readonly recordsWritten: number;
      /** A batch is under way: what it reads and writes shows behind it. */
      readonly isInBatch: boolean;
    }
  /** An epoch is durable. Counts are those of the state directory; `stateBytes`: what it changed of the state. */
  | { readonly kind: 'epoch'; readonly epoch: number; readonly recordsWritten: number; readonly stateBytes: number }
  | { readonly kind: 'ended'; readonly result: TrialResult }
  | { readonly kind: 'failed'; readonly message: string };

export interface TrialResult {
  /** From when all threads ran to the last commit. */
  readonly elapsedMs: DurationMs;
  /** Over the life of the state directory, hence of a killed run and its continuation together. */
  readonly recordsRead: number;
  readonly recordsWritten: number;
  readonly recordsRefused: number;
  readonly epochs: number;
  readonly restarts: number;
  /** User and system time of the whole process in that span. */
  readonly cpuMs: DurationMs;
  /** Highest resident size of the process, in bytes, since it was born. */
  readonly peakMemoryBytes: number;
  /** From an epoch's transaction to its durability. */
  readonly commits: LatencySummary;
  /** From when a record was due at its source until a sink took it, behind the warm-up. */
  readonly latency: LatencySummary;
  readonly distribution: readonly LatencyPoint[];
  /** From when a record was due until its epoch was committed, behind the warm-up. Of {@link TrialRequest.timedSinks}. */
  readonly visible: LatencySummary;
}

/** `percentile` of all records had at most this latency. */
export interface LatencyPoint {
  readonly percentile: number;
  readonly ms: DurationMs;
}
