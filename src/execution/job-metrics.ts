/**
 * Adds up what workers and epochs report into a `JobStatus`.
 *
 * Counts are those of committed epochs plus what the running generation has done since its start, so a restart takes back
 * what it takes back in state.
 */
import type {
  CheckpointManifest,
  CheckpointTime,
  Epoch,
  EpochCounts,
  WatermarkPolicy,
  WorkerIndex,
} from '../model/index.ts';
import type { WorkerStatus } from './deployment.ts';
import type { EpochReport } from './epoch-committer.ts';
import { addCounts, NO_COUNTS } from './epoch-tracker.ts';
import type { JobStatus } from './job-status.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import { deriveTimeStatus } from './time-status.ts';

type Measured = Pick<
  JobStatus,
  | 'epoch'
  | 'epochsCommitted'
  | 'recordsRead'
  | 'recordsWritten'
  | 'recordsSkipped'
  | 'deadLetters'
  | 'recordsReadByRun'
  | 'sources'
  | 'time'
  | 'late'
  | 'behindMs'
  | 'batch'
  | 'stateBytes'
  | 'stateEntries'
  | 'latency'
  | 'pauses'
  | 'commits'
>;

export class JobMetrics {
  readonly #latency: LatencyHistogram = new LatencyHistogram();
  readonly #pauses: LatencyHistogram = new LatencyHistogram();
  readonly #commits: LatencyHistogram = new LatencyHistogram();
  readonly #workers = new Map<WorkerIndex, WorkerStatus>();
  /** Totals of the manifest this run began with; `undefined` until then. */
  #beforeRun: EpochCounts | undefined;
  /** Totals of the manifest this generation began with. */
  #beforeGeneration: EpochCounts = NO_COUNTS;
  /** Totals of the newest committed epoch; workers report a little late. */
  #committed: EpochCounts = NO_COUNTS;
  #epoch = 0;
  #epochsCommitted = 0;
  #late: JobStatus['late'] = {};
  #untimed: CheckpointTime['untimed'];
  readonly #policy: WatermarkPolicy;

  constructor(policy: WatermarkPolicy) {
    this.#policy = policy;
  }

  generationBegins(manifest: CheckpointManifest | undefined): void {
    this.#workers.clear();
    this.#beforeGeneration = manifest?.totals ?? NO_COUNTS;
    this.#beforeRun ??= this.#beforeGeneration;
    this.#committed = this.#beforeGeneration;
    this.#epoch = manifest?.epoch ?? 0;
    this.#late = manifest?.time.late ?? {};
    this.#untimed = manifest?.time.untimed;
  }

  onStatus(status: WorkerStatus): void {
    this.#workers.set(status.worker, status);
    this.#latency.add(status.latency);
    this.#pauses.add(status.pauses);
  }

  onEpoch(report: EpochReport): void {
    this.#epoch = report.manifest.epoch;
    this.#epochsCommitted++;
    this.#committed = report.manifest.totals;
    this.#late = report.manifest.time.late;
    this.#untimed = report.manifest.time.untimed;
    this.#commits.record(report.commitMs);
  }

  /** Newest committed epoch; 0 before the first. */
  epoch(): Epoch {
    return this.#epoch;
  }

  /** Source subtasks by state, as last reported. */
  sources(): JobStatus['sources'] {
    const states = [...this.#workers.values()].flatMap((worker) => worker.sources.map(({ state }) => state));
    const count = (wanted: string): number => states.filter((state) => state === wanted).length;
    return { active: count('active'), idle: count('idle'), ended: count('ended') };
  }

  /** Of the source that is furthest behind, as last reported. */
  behindMs(): number {
    return [...this.#workers.values()].reduce((most, { behindMs }) => Math.max(most, behindMs), 0);
  }

  recordsReadByRun(): number {
    return this.#counts().recordsRead - (this.#beforeRun ?? NO_COUNTS).recordsRead;
  }

  summary(): Measured {
    const workers = [...this.#workers.values()];
    return {
      epoch: this.#epoch,
      epochsCommitted: this.#epochsCommitted,
      ...this.#counts(),
      recordsReadByRun: this.recordsReadByRun(),
      sources: this.sources(),
      time: deriveTimeStatus(
        workers.map(({ time }) => time),
        this.#policy,
        this.#untimed,
      ),
      late: this.#late,
      behindMs: this.behindMs(),
      batch: workers.find(({ batch }) => batch !== undefined)?.batch,
      stateBytes: workers.reduce((sum, worker) => sum + worker.stateBytes, 0),
      stateEntries: workers.reduce((sum, worker) => sum + worker.stateEntries, 0),
      latency: this.#latency.summary(),
      pauses: this.#pauses.summary(),
      commits: this.#commits.summary(),
    };
  }

  #counts(): EpochCounts {
    const reported = [...this.#workers.values()].reduce<EpochCounts>(addCounts, this.#beforeGeneration);
    return laterCounts(reported, this.#committed);
  }
}

/** Of two views of the same growing counts, the newer in each. */
function laterCounts(a: EpochCounts, b: EpochCounts): EpochCounts {
  return {
    recordsRead: Math.max(a.recordsRead, b.recordsRead),
    recordsWritten: Math.max(a.recordsWritten, b.recordsWritten),
    recordsSkipped: Math.max(a.recordsSkipped, b.recordsSkipped),
    deadLetters: Math.max(a.deadLetters, b.deadLetters),
  };
}
