/**
 * What is known of a job, as plain data: for `status()`, the command line and tests.
 */
import type { JobState } from '../actors/index.ts';
import type { Epoch, ErrorReport, Generation, NodeId, SubtaskId } from '../model/index.ts';
import type { BatchStatus } from './deployment.ts';
import type { LatencySummary } from './latency-histogram.ts';
import type { SwitchReport } from './mode-control.ts';
import type { EngineMode } from './options.ts';
import type { TimeStatus } from './time-status.ts';

export interface JobStatus {
  readonly job: string;
  readonly state: JobState;
  /** What runs now. */
  readonly mode: EngineMode;
  /** Whether the mode changes with the backlog. */
  readonly isAdaptive: boolean;
  /** Changes of mode in this run. */
  readonly switches: number;
  readonly lastSwitch: SwitchReport | undefined;
  /** For how long the sources have had something left to read, ms; 0: everything there is has been read. */
  readonly behindMs: number;
  readonly generation: Generation;
  /** Restarts of this run. */
  readonly restarts: number;
  /** Since the start of this run. */
  readonly uptimeMs: number;
  /** Newest committed epoch; 0 before the first. */
  readonly epoch: Epoch;
  /** Epochs committed by this run. */
  readonly epochsCommitted: number;
  /** Over the life of the state directory: everything committed, and what this generation has done since. */
  readonly recordsRead: number;
  readonly recordsWritten: number;
  readonly recordsSkipped: number;
  readonly deadLetters: number;
  /** Records read by this run (repeated ones after a restart not counted twice). */
  readonly recordsReadByRun: number;
  /** Event time of the sources and operators, and what holds it back. */
  readonly time: TimeStatus;
  /** Records that came too late, by operator, over the life of the state directory; as of the newest committed epoch. */
  readonly late: Readonly<Record<NodeId, number>>;
  /** Of sources: how many subtasks still read, wait for more, and have ended. */
  readonly sources: { readonly active: number; readonly idle: number; readonly ended: number };
  /** The newest batch, in microbatch mode. */
  readonly batch: BatchStatus | undefined;
  /** Memory of keyed state, about: a cache of it, bounded by `state.cacheBytes` and what was changed of late. The state itself is on disk. */
  readonly stateBytes: number;
  /** What is in that cache: entries in use of late, those deleted, expired or looked for in vain included. Not how many the state has. */
  readonly stateEntries: number;
  /** From when a record was due (or read) at its source until a sink took it, ms. Since the start of this run. */
  readonly latency: LatencySummary;
  /** How long subtasks stood still at markers, ms. */
  readonly pauses: LatencySummary;
  /** From an epoch's transaction to its durability, ms. */
  readonly commits: LatencySummary;
  readonly epochInFlight:
    | { readonly ageMs: number; readonly isSlow: boolean; readonly missing: readonly SubtaskId[] }
    | undefined;
  /** The failure that caused the last restart, or ended the job. */
  readonly lastFailure: ErrorReport | undefined;
  /** Oldest first, at most {@link RESTARTS_SHOWN_MAX}: who asks now and then misses none. */
  readonly recentRestarts: readonly RestartSummary[];
  /** From the last failure's discovery to the first epoch committed after it, ms. */
  readonly lastRecoveryMs: number | undefined;
  /** How the job differs from the one that wrote its state, one sentence each, where that is allowed. */
  readonly allowedChanges: readonly string[];
}

/** A failure that was answered with a restart. */
export interface RestartSummary {
  /** Counted over the run, from 1. */
  readonly number: number;
  /** Pause before the job starts again, ms. */
  readonly delayMs: number;
  readonly node: NodeId | undefined;
  readonly code: string;
  readonly message: string;
}

export const RESTARTS_SHOWN_MAX: number = 16;

export type JobOutcome =
  | { readonly kind: 'completed'; readonly stop: 'complete' | 'drain' }
  | { readonly kind: 'failed'; readonly report: ErrorReport; readonly reason: string }
  | { readonly kind: 'closed' };
