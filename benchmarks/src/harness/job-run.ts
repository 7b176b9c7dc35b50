/** What a benchmark says of one run of a job, and what it hears of it. Plain data: it crosses processes. */
import type { EpochSummary, JobOptionsInput, JobOutcome, JobStatus } from 'millrace';
import { measureIn } from './fork.ts';

export interface JobRunSettings<JobSettings = unknown> {
  /** File name of a compiled module in `jobs`. */
  readonly job: string;
  /** Read by the job module, in every thread. */
  readonly jobSettings: JobSettings;
  readonly options: JobOptionsInput;
  readonly stateDirectory: string;
  /** Close the job so long after its first commit; absent: it ends when its sources have ended. */
  readonly runMs?: number;
  /** Close the job when so many records are committed. */
  readonly untilRecords?: number;
  /** Close the job when the epochs of its first `records` are folded and, from then on, `behind` more are committed. */
  readonly untilFolded?: { readonly records: number; readonly behind: number };
}

export interface ObservedEpoch extends EpochSummary {
  /** When the host heard of it, machine time. */
  readonly atMs: number;
  /** Processor time of the whole process until then. */
  readonly cpuMs: number;
}

export interface JobRunResult {
  readonly outcome: JobOutcome;
  readonly status: JobStatus;
  readonly epochs: readonly ObservedEpoch[];
  /** Highest resident memory of the process, bytes. */
  readonly residentBytesMax: number;
}

const SCRIPT = new URL('./job-process.js', import.meta.url);

export async function runJob(settings: JobRunSettings): Promise<JobRunResult> {
  const result = await measureIn<JobRunResult>(SCRIPT, settings);
  if (result.outcome.kind === 'failed') throw new Error(`${settings.job} failed: ${result.outcome.report.message}`);
  return result;
}

/** Records committed by when the epochs of the first `records` were folded; `undefined`: they are not yet. */
export function foldedAt(epochs: readonly ObservedEpoch[], records: number): number | undefined {
  const reached = epochs.find(({ totals }) => totals.recordsRead >= records);
  if (reached === undefined) return undefined;
  return epochs.find(({ foldedThrough }) => foldedThrough >= reached.epoch)?.totals.recordsRead;
}

export interface SteadyState {
  readonly recordsPerSecond: number;
  readonly seconds: number;
  readonly epochs: number;
  /** Processor seconds per second: all threads of the process. */
  readonly coresUsed: number;
}

/** Between the first and the last commit behind the warm-up: what is not committed does not count. */
export function steadyState(epochs: readonly ObservedEpoch[], warmUpMs: number): SteadyState {
  const first = epochs.find((epoch) => epoch.atMs >= epochs[0]!.atMs + warmUpMs);
  const last = epochs[epochs.length - 1];
  if (first === undefined || last === undefined || last === first)
    throw new Error('the run was too short for its warm-up');
  const seconds = (last.atMs - first.atMs) / 1000;
  return {
    recordsPerSecond: (last.totals.recordsRead - first.totals.recordsRead) / seconds,
    seconds,
    epochs: last.epoch - first.epoch,
    coresUsed: (last.cpuMs - first.cpuMs) / 1000 / seconds,
  };
}
