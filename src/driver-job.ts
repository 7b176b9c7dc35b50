/**
 * What host and driver thread say to each other. Plain data only.
 */
import type { JobState } from './actors/index.ts';
import type { JobReference } from './config/index.ts';
import type { Until } from './execution/decide-stop.ts';
import type { EpochReport } from './execution/epoch-committer.ts';
import type { JobOutcome, JobStatus } from './execution/job-status.ts';
import type { LatencyPart } from './execution/latency-histogram.ts';
import type { SwitchReport } from './execution/mode-control.ts';
import type { ExecutionMode, JobOptionsInput } from './execution/options.ts';
import type { EpochCounts } from './model/index.ts';

/** The `workerData` of a driver thread, besides its ports. */
export interface DriverJob {
  readonly reference: JobReference;
  /** Win over what the job says of itself. */
  readonly options: JobOptionsInput;
  /** The state directory itself. Wins over what the job says. */
  readonly stateDirectory: string | undefined;
  /** Directory in which a job without one of its own gets a state directory of its name. */
  readonly parentDirectory: string | undefined;
  readonly until: Until;
}

export interface DriverCommands {
  drain(): void;
  close(): Promise<void>;
  switchMode(mode: ExecutionMode): Promise<SwitchReport>;
  status(): JobStatus;
}

/** One committed epoch, for whoever watches. Durations in ms. */
export interface EpochSummary
  extends Pick<
    EpochReport,
    'alignMs' | 'sealMs' | 'commitMs' | 'publishMs' | 'deltaBytes' | 'foldedThrough' | 'isFinal'
  > {
  readonly epoch: number;
  readonly generation: number;
  /** Of the state directory, since its beginning. */
  readonly totals: EpochCounts;
}

export interface DriverEvents {
  state(state: JobState): void;
  status(status: JobStatus): void;
  epoch(epoch: EpochSummary): void;
  latency(part: LatencyPart): void;
  finished(outcome: JobOutcome, status: JobStatus): void;
}
