/** What a comparison finds out: plain data, the `--json` output and the data of the report. Times in ms, sizes in bytes. */
import type { LatencySummary } from '../execution/latency-histogram.ts';
import type { DurationMs } from '../model/index.ts';
import type { SinkComparison } from './compare-outputs.ts';
import type { EqualityLevel } from './decide-equality.ts';
import type { LatencyPoint } from './trial.ts';
import type { Variant } from './variant.ts';

export interface Comparison {
  readonly job: string;
  /** Whether all committed outputs agree, in the sense of `level`. */
  readonly equal: boolean;
  readonly level: EqualityLevel;
  /** Every output but those of the first variant, which they are compared with. */
  readonly outputs: readonly OutputComparison[];
  /**
   * Only where outputs differ: whether two runs of the first variant agree with each other. `false`: the job's output depends on
   * chance, time or the order of arrival, whatever the mode.
   */
  readonly isRepeatable?: boolean | undefined;
  readonly conditions: Conditions;
  readonly variants: readonly VariantFigures[];
  /** What these figures do not say, one phrase each. */
  readonly notMeasured: readonly string[];
}

export interface Conditions {
  readonly machine: Machine;
  /** Read by a full run. */
  readonly records: number;
  readonly sources: number;
  readonly workers: number;
  readonly parallelism: number;
  /** Between two commits in continuous mode: how long a committed sink there may hold back what it took. */
  readonly epochIntervalMs: DurationMs;
  /** Of the open-loop schedule, over all sources: the same for all variants. */
  readonly recordsPerSecond: number;
  readonly rateReason: string;
  readonly durationMs: DurationMs;
  /** Records that were due before this, counted from the start, are left out of latencies. */
  readonly warmUpMs: DurationMs;
}

export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly node: string;
  readonly platform: string;
  /** Processes that wanted a core in the minute before the first run, on average: work of others. 0 where it is not known. */
  readonly loadBefore: number;
}

/** Which run of a variant: without pace, on schedule, or on schedule with a kill in the middle. */
export type TrialKind = 'drain' | 'paced' | 'killed';

export interface OutputComparison {
  readonly variant: string;
  readonly trial: TrialKind;
  /** The output it was compared with. */
  readonly reference: { readonly variant: string; readonly trial: TrialKind };
  readonly sinks: readonly SinkComparison[];
}

export interface VariantFigures extends Pick<Variant, 'id' | 'mode' | 'trigger'> {
  readonly drain: DrainFigures;
  readonly paced: PacedFigures;
  /** Absent when the run was over before it could be killed. */
  readonly recovery?: RecoveryFigures | undefined;
  /** Only for a report. */
  readonly curve?: Curve | undefined;
}

/** The whole input, as fast as the job takes it. */
export interface DrainFigures {
  readonly records: number;
  readonly recordsPerSecond: number;
  readonly elapsedMs: DurationMs;
  readonly cpuMs: DurationMs;
  readonly peakMemoryBytes: number;
  readonly epochs: number;
  readonly commits: LatencySummary;
  readonly recordsRefused: number;
}

/** On schedule. */
export interface PacedFigures {
  readonly records: number;
  readonly offeredPerSecond: number;
  /** Records over the time from the start to the last commit. */
  readonly achievedPerSecond: number;
  /** From when a record was due until a sink took it. */
  readonly latency: LatencySummary;
  readonly distribution: readonly LatencyPoint[];
  /** From when a record was due until a reader of a committed sink could see it. */
  readonly visible: LatencySummary;
  readonly cpuMs: DurationMs;
  readonly peakMemoryBytes: number;
}

/** Killed in the middle of a run on schedule, and started again at once. */
export interface RecoveryFigures {
  /** From the kill to the first epoch that was durable after it: with the start of a process. */
  readonly firstCommitMs: DurationMs;
  /** From the last commit before the kill to the first one after it that committed rows. Absent where no row was left to write. */
  readonly withoutOutputMs?: DurationMs | undefined;
}

export interface Curve {
  readonly points: readonly CurvePoint[];
  /** The input was too short for the highest rates. */
  readonly isCutByInput: boolean;
}

export interface CurvePoint {
  readonly offeredPerSecond: number;
  readonly achievedPerSecond: number;
  readonly latency: LatencySummary;
}
