/**
 * What sources and sinks implement. Each has a part on the driver thread (splits; the commit of outputs) and a part on the
 * workers (reading; writing). Implementations live in `connectors`.
 */
import type { DeadLetter } from './dead-letter.ts';
import type { StreamRecord } from './element.ts';
import type { Epoch, Generation, NodeId, SplitId, SubtaskIndex } from './ids.ts';
import type { Offset, SplitOffsets } from './offset.ts';
import type { Emitter } from './operator.ts';
import type { Clock, MonotonicMs } from './time.ts';

/** What a connector may know of the run it takes part in. */
export interface ConnectorContext {
  readonly node: NodeId;
  readonly job: string;
  readonly generation: Generation;
  /** Relative paths are resolved against it: the directory of the job file or job module. */
  readonly baseDirectory: string;
  /** A directory of this sink alone inside the state directory, made when first needed; for output not yet committed. */
  readonly pendingDirectory: string;
  readonly clock: Clock;
  /** Called at named points of a commit, so that tests can end the process there. Absent in production. */
  readonly crashPoint?: ((name: string) => void) | undefined;
}

export interface SourceReaderContext extends ConnectorContext {
  readonly subtask: SubtaskIndex;
  readonly parallelism: number;
  /** The splits this subtask reads. May be empty. */
  readonly splits: readonly SplitId[];
  /** Where to begin, for splits that a checkpoint knows; the others begin at their start. */
  readonly offsets: SplitOffsets;
  /** Files a refused record with the epoch being read. The reader applies its policy and calls this for `dead-letter`. */
  deadLetter(letter: Omit<DeadLetter, 'node'>): void;
  /** Counts a refused record under policy `skip`. */
  skipped(): void;
  /** Of the surveyor of this run; absent where there is none (continuous mode). */
  readonly hint?: SurveyHint | undefined;
}

/** `progress`: something was read or passed over. `idle`: nothing there now. `ended`: nothing will ever come again. */
export type PollResult = 'progress' | 'idle' | 'ended';

/** Where a reader emits to. Event time is followed split by split, so it says which one it reads. */
export interface SourceEmitter<T = unknown> extends Emitter<T> {
  /** What is emitted from now on, in this call of `poll` and the next ones, is of that split. */
  enterSplit(split: SplitId): void;
  /**
   * Nothing of that split is there now: it is silent from here on, until something of it is emitted. A split whose turn has not come is
   * not silent. Said as often as may be; a reader that says `idle` need not say it of each.
   */
  caughtUpSplit(split: SplitId): void;
  /** Nothing will ever come of that split again. */
  endSplit(split: SplitId): void;
}

/** Lives in one subtask of one generation. Synchronous. */
export interface SourceReader<T = unknown> {
  /** Next offset of every split of this reader: what an epoch seals. Plain data, not changed afterwards. */
  offsets(): SplitOffsets;
  /**
   * Emits at most `limit` records, and never goes beyond `until` where it is given (exclusive, per split). What was surveyed is there:
   * with `until` a reader says `idle` only when it has come to it.
   */
  poll(out: SourceEmitter<T>, limit: number, until?: SplitOffsets): PollResult;
  /** When a reader that said `idle` wants to be asked again; `Infinity` if only a ring can wake it. */
  wakeAt(): MonotonicMs;
  /** The epoch up to these offsets is committed. */
  acknowledge(upTo: SplitOffsets): void;
  close(): void;
}

/** How far one split can be read now. */
export interface SplitExtent {
  /** Exclusive bound. What is before it stays as it is and can be read again. Absent: to the end of the split, all of which is there. */
  readonly until?: Offset | undefined;
  /** Records before the bound, where that is known without reading them. */
  readonly records?: number | undefined;
  /** Bytes before the bound, where records have a size. Then {@link SourceSurveyor.cut} is there. */
  readonly bytes?: number | undefined;
  /** Nothing to read before the bound. */
  readonly isEmpty: boolean;
  /** Nothing will ever come behind the bound. */
  readonly isEnd: boolean;
}

/** What a surveyor tells all readers of its run, on whatever worker: plain data, the connector's own, set once. */
export type SurveyHint = { readonly [field: string]: number | string | boolean };

/** The driver's half of a source whose input is read in ranges that are chosen beforehand (microbatch). */
export interface SourceSurveyor {
  /**
   * What lies behind `from` in every split. Splits without an offset are surveyed from their start. Reads little, changes nothing.
   * What lies at or behind `end`, the bounds of an earlier survey, does not count: no extent goes beyond it, and a split read
   * up to it is empty. So a run can keep to what was there at its start.
   */
  survey(from: SplitOffsets, end?: SplitOffsets): Promise<Readonly<Record<SplitId, SplitExtent>>>;
  /** A bound behind `from` with at most `bytes` before it, but at least one record. */
  cut?(split: SplitId, from: Offset | undefined, bytes: number): Offset;
  /** When a source of which nothing was left to read wants to be surveyed again; `Infinity`: never of itself. */
  wakeAt(): MonotonicMs;
  /** Passed to the context of every reader. */
  readonly hint?: SurveyHint | undefined;
  close(): void;
}

export interface SurveyContext extends ConnectorContext {
  /** All splits of the source. */
  readonly splits: readonly SplitId[];
  /** Where the run begins. */
  readonly offsets: SplitOffsets;
}

/** Plain data that says what a connector is and which of its settings may not change over a restart. */
export interface ConnectorDescription {
  readonly type: string;
  /** Shown by `explain`, for instance the path. */
  readonly label: string;
  /** Compared with the checkpoint's: a difference refuses the start and is named. */
  readonly identity: Readonly<Record<string, string | number | boolean>>;
}

export interface SourceConnector<T = unknown> {
  describe(): ConnectorDescription;
  /** Whether the source ends by itself. */
  readonly isBounded: boolean;
  /**
   * Lists the splits, in a stable order. Runs on the driver, before anything starts; throws `ConnectorError` with one
   * clear sentence when the source cannot be read at all. `known` are the splits the checkpoint has offsets for: those
   * must be listed too, or refused with a reason.
   */
  listSplits(context: ConnectorContext, known: SplitOffsets): Promise<readonly SplitId[]>;
  createReader(context: SourceReaderContext): SourceReader<T>;
  /** Throws `ConnectorError` as {@link listSplits} does. */
  createSurveyor(context: SurveyContext): SourceSurveyor;
}

export interface SinkWriterContext extends ConnectorContext {
  readonly subtask: SubtaskIndex;
  readonly parallelism: number;
  /**
   * Tells writers of one subtask and generation apart: where a task is tried again, or twice at a time, each attempt has a
   * writer of its own, and only one of them is ever asked to prepare. 0 where a subtask runs once (continuous mode).
   */
  readonly attempt: number;
  /** The epoch that the generation began with, hence the one behind the last that was committed then. Writers may be made later. */
  readonly firstEpoch: Epoch;
}

/**
 * Position of a record among those one sink subtask wrote in one epoch of its generation (`SinkWriterContext.generation`). The same
 * object is used for every call.
 */
export interface RecordStamp {
  epoch: Epoch;
  sequence: number;
}

/** What one sink subtask finished for an epoch. Plain data, a few hundred bytes; meaning belongs to the connector. */
export type CommitToken = { readonly [field: string]: unknown };

export interface PreparedOutput {
  /** For the committer on the driver. */
  readonly token?: CommitToken | undefined;
  /** A block of rows (see `codec/row-block.ts`) for the table of that name, applied inside the epoch's own transaction. */
  readonly rows?: { readonly table: string; readonly block: Uint8Array; readonly count: number } | undefined;
}

/** Lives in one subtask of one generation. */
export interface SinkWriter<T = unknown> {
  write(record: StreamRecord<T>, stamp: RecordStamp): void;
  /** Pushes what is buffered towards the outside, for `immediate` sinks. Called at the end of each step that wrote. */
  flush?(): void;
  /** Marker `epoch` arrived: everything written so far belongs to it. Synchronous where it can be, so that the loop does not wait. */
  prepare(epoch: Epoch): PreparedOutput | Promise<PreparedOutput>;
  close(): void;
}

/** The driver's half of a `committed` sink. */
export interface SinkCommitter {
  /**
   * Called once at the start of a generation with the token the latest manifest holds for this sink (`undefined` in a new
   * state directory). Repeats the commit of that token, removes leftovers of older generations, and checks that the
   * target can be written: one clear sentence when not.
   */
  restore(token: CommitToken | undefined): Promise<void>;
  /**
   * All subtasks have prepared `epoch`; their tokens in subtask order. Makes the prepared output durable (fsync) and
   * returns the one token that goes into the manifest. After it the output can be committed whatever dies.
   */
  seal(epoch: Epoch, tokens: readonly CommitToken[]): Promise<CommitToken>;
  /**
   * Makes the sealed output visible. Called once per committed epoch, in order, and again by {@link restore} after a
   * crash: a second call must change nothing (I4). A rejection ends the generation.
   */
  commit(token: CommitToken): Promise<void>;
  close(): Promise<void>;
}

/** `immediate`: written as processed, at least once. `committed`: visible only with its epoch, exactly once. */
export type Delivery = 'immediate' | 'committed';

/** Contravariant by declaration: a sink takes records of `T` and of nothing wider, though methods alone would let it. */
export interface SinkConnector<in T = unknown> {
  describe(): ConnectorDescription;
  readonly delivery: Delivery;
  createWriter(context: SinkWriterContext): SinkWriter<T>;
  /** Only where `prepare` returns tokens. */
  createCommitter?(context: ConnectorContext): SinkCommitter;
}
