/**
 * The commit point and what it holds. The store runs on the driver thread, the only writer (I5).
 */
import type { CommitToken, PreparedOutput } from './connector.ts';
import type { DeadLetter } from './dead-letter.ts';
import type { Epoch, Generation, NodeId, SplitId, SubtaskId, SubtaskIndex } from './ids.ts';
import type { Offset, SourceOffsets } from './offset.ts';
import type { StateDelta, StateKind } from './state.ts';
import type { InputTime, TimestampMs } from './time.ts';

/** One subtask's part of an epoch, as it arrives at the coordinator. Plain data. */
export interface SubtaskSnapshot {
  readonly subtask: SubtaskId;
  readonly epoch: Epoch;
  readonly generation: Generation;
  /** Only from subtasks that read sources. */
  readonly offsets: SourceOffsets;
  readonly deltas: readonly StateDelta[];
  readonly outputs: readonly SinkOutput[];
  readonly deadLetters: readonly DeadLetter[];
  readonly counts: EpochCounts;
  readonly time: SubtaskTime;
}

/** Where one subtask stood in time when it sealed. */
export interface SubtaskTime {
  /** Watermark in force at the head of the chain, that is, up to which timers have fired; {@link TIME_UNSET} before the first. */
  readonly watermark: TimestampMs;
  /** Greatest event time seen in each split it reads; END_OF_TIME behind the last record of an ended one. */
  readonly splits: Readonly<Record<SplitId, TimestampMs>>;
  /** Earliest pending timers of all its operators; +Infinity: none. */
  readonly nextEventTimer: TimestampMs;
  readonly nextProcessingTimer: TimestampMs;
  /** Wall clock as its operators saw it last. */
  readonly now: TimestampMs;
  /** Records that came too late in this epoch, by operator. Operators without any are absent. */
  readonly late: Readonly<Record<NodeId, number>>;
  /** Records of this epoch that event time was asked of and have none, by split. Only splits with any; absent: none. */
  readonly untimed?: Readonly<Record<SplitId, number>> | undefined;
}

/** Where a job stands in time behind an epoch. */
export interface CheckpointTime {
  /** How watermarks of several inputs are merged: pinned, a job cannot go on with the other. */
  readonly policy: WatermarkPolicy;
  /** Greatest event time seen, by source and split: watermarks go on from here after a restart. */
  readonly splits: Readonly<Record<NodeId, Readonly<Record<SplitId, TimestampMs>>>>;
  /** Watermark in force at the head of each stage, by its head's node: it never falls, whatever sources are idle after a restart. */
  readonly stages: Readonly<Record<NodeId, TimestampMs>>;
  readonly nextEventTimer: TimestampMs;
  readonly nextProcessingTimer: TimestampMs;
  /** Wall clock as operators saw it last: it never runs backwards, whatever is set meanwhile. Absent: none has looked yet. */
  readonly now?: TimestampMs | undefined;
  /** Records that came too late, by operator, over all epochs. */
  readonly late: Readonly<Record<NodeId, number>>;
  /** Records that event time was asked of and have none, by source and split, over all epochs. Only those with any; absent: none. */
  readonly untimed?: Readonly<Record<NodeId, Readonly<Record<SplitId, number>>>> | undefined;
}

/** `min`: the slowest input decides (nothing is late that need not be). `max`: the fastest. */
export type WatermarkPolicy = 'min' | 'max';

export interface SinkOutput {
  readonly node: NodeId;
  readonly subtask: SubtaskIndex;
  readonly output: PreparedOutput;
}

/** Records counted in one epoch by one subtask, or in all committed epochs of a job. */
export interface EpochCounts {
  readonly recordsRead: number;
  readonly recordsWritten: number;
  readonly recordsSkipped: number;
  readonly deadLetters: number;
}

/** What the plan says of one node, as far as a restart must agree with it. */
export interface NodeSignature {
  readonly kind: string;
  /** Connector type and pinned settings, key or aggregate shapes: anything whose change would misread what is stored. */
  readonly identity: Readonly<Record<string, string | number | boolean>>;
  readonly states: readonly { readonly name: string; readonly kind: StateKind }[];
  /** Text of the expressions that a job file gives the node, by field. Absent: it has functions, which nobody can compare. */
  readonly expressions?: Readonly<Record<string, string>> | undefined;
  /** As {@link expressions}, of what is made of state that stays as it is: what a join gives for a match, the module behind a process. */
  readonly results?: Readonly<Record<string, string>> | undefined;
  /** Edges into the node, as they were drawn. Absent: none. */
  readonly inputs?: readonly NodeInput[] | undefined;
}

/** One edge of a plan, seen from the node it leads to. */
export interface NodeInput {
  readonly from: NodeId;
  /** Name of the output of `from`: 'main' where there is one only. */
  readonly output: string;
  /** How records are spread over the subtasks of the node: 'forward', 'hash', 'rebalance' or 'broadcast'. */
  readonly partitioning: string;
  /** 1: it feeds the second input of a node that has two. Absent: the first. */
  readonly input?: 1 | undefined;
}

/** Everything needed to go on behind an epoch. Written in the epoch's transaction; an epoch exists iff this is durable (I3). */
export interface CheckpointManifest {
  readonly formatVersion: number;
  readonly job: string;
  readonly epoch: Epoch;
  readonly generation: Generation;
  readonly fingerprint: string;
  readonly nodes: Readonly<Record<NodeId, NodeSignature>>;
  readonly keyGroups: number;
  readonly committedAt: TimestampMs;
  readonly offsets: SourceOffsets;
  /** The sealed token of each sink with a committer; repeated at the next start. */
  readonly tokens: Readonly<Record<NodeId, CommitToken>>;
  /** Sums over all epochs so far. */
  readonly totals: EpochCounts;
  readonly time: CheckpointTime;
  /** True when every source had ended: a further start has nothing to do. */
  readonly isComplete: boolean;
}

/** One epoch, complete, ready for its transaction. */
export interface SealedEpoch {
  readonly manifest: CheckpointManifest;
  readonly deltas: readonly StateDelta[];
  readonly rows: readonly NonNullable<PreparedOutput['rows']>[];
  readonly deadLetters: readonly DeadLetter[];
}

/** What a batch reads of one split: from where the last epoch ended, up to whichever bound comes first. */
export interface SplitRange {
  /** Exclusive. Absent: to the end of the split. */
  readonly until?: Offset | undefined;
  /** Absent: all that the other bound admits. */
  readonly recordsMax?: number | undefined;
}

/**
 * A batch, as it was planned and made durable before any of its work: whatever dies, it runs again exactly so. The parallelism
 * has no part in it.
 */
export interface BatchPlan {
  readonly formatVersion: number;
  /** The epoch that the batch becomes. */
  readonly epoch: Epoch;
  /** Processing time of everything in the batch: a replay sees it again. */
  readonly plannedAt: TimestampMs;
  /**
   * Watermark of each source behind the records of this batch, from the batches before it (Spark's epoch). What is late in it is
   * decided by that of the batch before, what is closed by this one.
   */
  readonly watermarks: Readonly<Record<NodeId, InputTime>>;
  /** Splits without a range are not read. */
  readonly ranges: Readonly<Record<NodeId, Readonly<Record<SplitId, SplitRange>>>>;
  /** Behind it every source has ended. */
  readonly isLast: boolean;
}

/** Of one step of folding. */
export type FoldSliceSize = 'small' | 'large';

export interface CheckpointStore {
  /** The newest durable manifest, verified. */
  latest(): CheckpointManifest | undefined;
  /** Raises the stored generation durably and returns it: every older owner is fenced at its next commit (I10). */
  beginGeneration(): Generation;
  /**
   * THE commit point: one durable transaction, synchronous. Throws `LockedError` when a newer generation owns the
   * directory, `CheckpointError` on any other failure, after which this store must be closed and reopened (reliability F7).
   */
  commit(epoch: SealedEpoch): void;
  /** Makes the plan of the next epoch durable, in place of an older plan for it. Throws as {@link commit} does. */
  plan(batch: BatchPlan): void;
  /** The plan of the epoch behind the newest manifest, if one was made; plans of committed epochs are of no use and not returned. */
  planned(): BatchPlan | undefined;
  /** Epoch through which deltas are in the base tables; `<= latest().epoch` (I6). */
  foldedThrough(): Epoch;
  /**
   * Moves one sorted chunk of old deltas into the base tables. True while more is due. Called between commits when the driver has
   * time. `early`: whatever may be folded is due, however little it is. `small` (the default) is bounded to a few milliseconds; `large`
   * is some times that, and less work in all: for when folding is what is waited for.
   */
  foldSlice(when?: 'due' | 'early', size?: FoldSliceSize): boolean;
  /** About the memory that entries of deltas not yet folded take in all threads together: the next epoch is delayed above a bound (I8). */
  unfoldedBytes(): number;
  close(): void;
}
