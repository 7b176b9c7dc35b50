/**
 * What an engine is to the rest: it runs one generation of a plan. Everything around it (state directory, restarts, when to
 * stop) is shared and does not know which engine it is.
 */
import type {
  CheckpointManifest,
  CheckpointStore,
  Clock,
  ConnectorContext,
  ErrorReport,
  Generation,
  NodeId,
  SinkCommitter,
  SplitId,
} from '../model/index.ts';
import type { PhysicalPlan } from '../plan/physical-plan.ts';
import type { CrashPoint } from './crash-points.ts';
import type { WorkerStatus } from './deployment.ts';
import type { EpochReport } from './epoch-committer.ts';
import type { EngineMode, JobOptions } from './options.ts';

/** `complete`: all sources had ended. `drain`: somebody asked to stop. Both behind a committed final epoch. */
export type StopKind = 'complete' | 'drain';

export type GenerationEnd =
  | { readonly kind: 'finished'; readonly stop: StopKind }
  | { readonly kind: 'failed'; readonly report: ErrorReport };

export interface GenerationContext {
  readonly plan: PhysicalPlan;
  readonly options: JobOptions;
  readonly generation: Generation;
  readonly manifest: CheckpointManifest | undefined;
  readonly splits: Readonly<Record<NodeId, readonly (readonly SplitId[])[]>>;
  readonly store: CheckpointStore;
  /** Restored. Of sinks that have one. */
  readonly committers: ReadonlyMap<NodeId, SinkCommitter>;
  readonly contextOf: (node: NodeId) => ConnectorContext;
  readonly clock: Clock;
  readonly crashPoint: CrashPoint;
  onEpoch(report: EpochReport): void;
  onStatus(status: WorkerStatus): void;
}

export interface GenerationRun {
  /** Settles once and never rejects. */
  readonly ended: Promise<GenerationEnd>;
  /** Settles when records move: state is there, and something was read or there was nothing to read. Never rejects, and never settles if it ends before. */
  readonly moving: Promise<void>;
  /** Ends behind one more epoch. Idempotent. */
  finish(stop: StopKind): void;
  /** Ends now, without another epoch. Resolves when nothing of the generation is left that could act (I10). Idempotent. */
  close(): Promise<void>;
  /** The epoch in flight, if any. */
  inFlight(): { readonly ageMs: number; readonly missing: readonly string[] } | undefined;
}

export interface Engine {
  readonly mode: EngineMode;
  /**
   * Brings up threads ahead of the next {@link start}, which uses them, up to the point from which they need to know of their
   * generation. Idempotent until then. Resolves when they wait for it. Rejects when they cannot be brought up; nothing is left
   * then, and the next call tries again.
   */
  prepare(plan: PhysicalPlan, options: JobOptions): Promise<void>;
  /**
   * Resolves when all workers are running: those that are prepared, or else others. Rejects when they cannot be brought up;
   * nothing is left then.
   */
  start(context: GenerationContext): Promise<GenerationRun>;
  /** Ends what is prepared and was not used. Not the generation that runs: that is its own part. Idempotent, never rejects. */
  close(): Promise<void>;
}
