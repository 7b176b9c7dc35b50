/**
 * What the driver sends to a worker, and what the two may say to each other. Plain data, plain functions: the transport
 * (comlink between threads, direct calls in the test runner) is not known here.
 */
import type {
  CheckpointManifest,
  DurationMs,
  Epoch,
  ErrorReport,
  Generation,
  Marker,
  NodeId,
  SplitId,
  SubtaskId,
  SubtaskSnapshot,
  WorkerIndex,
} from '../model/index.ts';
import type { LatencyPart } from './latency-histogram.ts';
import type { JobOptions } from './options.ts';
import type { WorkerTime } from './time-status.ts';

/** Everything a worker needs to build its subtasks, besides the job itself and the shared memory. */
export interface Deployment {
  readonly worker: WorkerIndex;
  readonly generation: Generation;
  readonly options: JobOptions;
  /** The plan's, as the driver compiled it. A worker that arrives at another one refuses (I9). */
  readonly fingerprint: string;
  /** Where to continue; `undefined` in a new state directory. */
  readonly manifest: CheckpointManifest | undefined;
  /** Per source and source subtask: the splits to read. */
  readonly splits: Readonly<Record<NodeId, readonly (readonly SplitId[])[]>>;
  readonly baseDirectory: string;
  readonly pendingDirectories: Readonly<Record<NodeId, string>>;
}

export type SourceState = 'active' | 'idle' | 'ended';

/** Where a generation in batches stands. */
export interface BatchStatus {
  /** Records read by the newest committed batch, and how long it took from its plan to its commit, ms. */
  readonly records: number;
  readonly durationMs: DurationMs;
  /** Most records of the next one: the limit of the job, or what its rate control admits. */
  readonly recordsMax: number;
  /** Tasks of this generation that were tried again, or twice at a time, and threads that were lost over them. */
  readonly retries: number;
  readonly speculations: number;
  readonly lostThreads: number;
}

/** What a worker has done in this generation. */
export interface WorkerStatus {
  readonly worker: WorkerIndex;
  /** Records since the start of the generation. */
  readonly recordsRead: number;
  readonly recordsWritten: number;
  /** Refused since the start of the generation. */
  readonly deadLetters: number;
  readonly recordsSkipped: number;
  readonly sources: readonly { readonly subtask: SubtaskId; readonly state: SourceState }[];
  /** For how long one of its sources has had something left to read, at every look, ms. */
  readonly behindMs: number;
  readonly stateBytes: number;
  readonly stateEntries: number;
  readonly time: WorkerTime;
  /** Only in microbatch mode. */
  readonly batch?: BatchStatus | undefined;
  /** Since the last status. */
  readonly latency: LatencyPart;
  readonly pauses: LatencyPart;
}

/** The commands a worker obeys. */
export interface WorkerCommands {
  /** Begin stepping. */
  run(): void;
  beginEpoch(marker: Marker): void;
  /** `heldBack`: sources that still must not read (see `derive-held-back.ts`). */
  epochCommitted(epoch: Epoch, foldedThrough: Epoch, heldBack: readonly NodeId[]): void;
  /** Stop stepping and close everything; resolves when done. */
  stop(): Promise<void>;
}

/** What a worker tells. Nothing of an older generation can be heard: the ports die with it (I10). */
export interface WorkerEvents {
  snapshot(snapshot: SubtaskSnapshot): void;
  requestEpoch(reason: string): void;
  status(status: WorkerStatus): void;
  failed(report: ErrorReport): void;
}
