/** One generation of a job that a test drives: the same for both modes. */
import type { JobOptions } from '../execution/options.ts';
import type {
  CheckpointManifest,
  CheckpointStore,
  Clock,
  Epoch,
  Generation,
  KeyedState,
  MonotonicMs,
  NodeId,
  SplitId,
  SubtaskIndex,
  SubtaskSnapshot,
} from '../model/index.ts';
import type { OperatorNode } from '../plan/logical-plan.ts';
import type { PhysicalPlan } from '../plan/physical-plan.ts';
import type { DrivenSource } from './driven-source.ts';

/** What a generation begins with. */
export interface DriveSite {
  readonly plan: PhysicalPlan;
  readonly options: JobOptions;
  readonly generation: Generation;
  readonly manifest: CheckpointManifest | undefined;
  readonly store: CheckpointStore;
  readonly sources: ReadonlyMap<NodeId, DrivenSource>;
  /** Per source and source subtask. */
  readonly splits: Readonly<Record<NodeId, readonly (readonly SplitId[])[]>>;
  readonly clock: Clock;
  /** The state of a subtask as of `epoch`. */
  createState(node: OperatorNode, subtask: SubtaskIndex, parallelism: number, epoch: Epoch): KeyedState;
}

/** What an epoch is made of. */
export interface SealedPart {
  readonly snapshots: readonly SubtaskSnapshot[];
  /** Every source has ended, and all that followed from it is done. */
  readonly isLast: boolean;
}

export interface JobDrive {
  /** Whether an epoch has to wait for calls: then only {@link sealInTurns} ends one. */
  readonly mustSettle: boolean;
  /** Does what can be done now, until nothing moves. Throws what the job would fail with. True when anything was done. */
  run(): boolean;
  /** When it wants to be run again, or another epoch, if nothing is added; +Infinity: never. */
  nextWakeAt(): MonotonicMs;
  /** Ends an epoch behind what was added so far. */
  seal(epoch: Epoch): SealedPart;
  /** As {@link seal}; gives way where calls have to settle first. */
  sealInTurns(epoch: Epoch): Generator<undefined, SealedPart>;
  onCommitted(manifest: CheckpointManifest, foldedThrough: Epoch): void;
  /** Whether one more epoch, without new records, would change something: windows that the last one has made due. */
  wantsEpoch(): boolean;
  /** As a kill: nothing is sealed. */
  close(): void;
}

/** The directory of the job file or module: sources and sinks that are driven have no files. */
export const NO_DIRECTORY = '/';
