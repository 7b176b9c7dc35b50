/**
 * The unit of work of the BSP engine: one subtask of one stage over the input of one batch. Plain data, because it crosses
 * threads; input and output of exchanges are shared memory and cross by reference.
 */
import type { ShuffleOutput } from '../channels/index.ts';
import type { LatencyPart } from '../execution/latency-histogram.ts';
import type { JobOptions } from '../execution/options.ts';
import type {
  Epoch,
  ErrorReport,
  Generation,
  InputTime,
  NodeId,
  Offset,
  SplitId,
  SplitRange,
  StageIndex,
  SubtaskIndex,
  SubtaskSnapshot,
  SurveyHint,
  TimestampMs,
} from '../model/index.ts';
import type { ExchangeIndex } from '../plan/physical-plan.ts';

/** Number of one try of one task, unique in its generation, from 1. */
export type AttemptNumber = number;

/** Name of a thread of the pool: never given to another thread. */
export type PoolThread = number;

/** What a source task reads of one split. */
export interface SplitInput {
  readonly split: SplitId;
  /** Absent: from its start. */
  readonly from: Offset | undefined;
  readonly range: SplitRange;
  /** Greatest event time seen in it so far. */
  readonly seen: TimestampMs;
}

export type TaskInput =
  | {
      readonly kind: 'ranges';
      readonly node: NodeId;
      readonly splits: readonly SplitInput[];
      readonly hint: SurveyHint | undefined;
    }
  /** By exchange into the stage: what each producer subtask wrote, in their order. */
  | {
      readonly kind: 'blocks';
      readonly exchanges: readonly { readonly exchange: ExchangeIndex; readonly parts: readonly ShuffleOutput[] }[];
    };

/** What every task of a generation has to know: a thread may be new. */
export interface TaskDeployment {
  readonly options: JobOptions;
  readonly generation: Generation;
  /** The epoch that the generation began with. */
  readonly firstEpoch: Epoch;
  readonly baseDirectory: string;
  readonly pendingDirectories: Readonly<Record<NodeId, string>>;
}

/** What is to be done: the same for every attempt. */
export interface TaskWork {
  readonly deployment: TaskDeployment;
  readonly stage: StageIndex;
  readonly subtask: SubtaskIndex;
  /** The epoch that the batch becomes; its predecessor is committed. */
  readonly epoch: Epoch;
  /** Every source has ended behind it. */
  readonly isFinal: boolean;
  /** Base tables hold everything up to here. */
  readonly foldedThrough: Epoch;
  /** The attempt that did this subtask's task of the epoch before, if this generation did: its thread has the state in memory. */
  readonly continues: AttemptNumber | undefined;
  readonly input: TaskInput;
  readonly time: TaskTime;
}

/** The time of a batch at one stage. */
export interface TaskTime {
  /** Watermark under which the records are processed: it decides what is late. */
  readonly before: TimestampMs;
  /** To which it rises behind the last record: it decides what is closed. */
  readonly after: TimestampMs;
  readonly isIdle: boolean;
  /** Wall clock of the batch. */
  readonly now: TimestampMs;
}

/** One try. */
export interface TaskRequest extends TaskWork {
  readonly attempt: AttemptNumber;
  /** Shared by all attempts that run at a time: who takes it writes, the others leave without a trace. */
  readonly claim: SharedArrayBuffer;
  readonly heartbeat: SharedArrayBuffer;
}

/** What a finished task leaves besides its part of the epoch. */
export interface TaskOutput {
  readonly snapshot: SubtaskSnapshot;
  readonly exchanges: readonly { readonly exchange: ExchangeIndex; readonly output: ShuffleOutput }[];
  /** Watermarks behind the records of the exchanges. Absent: nothing is known. */
  readonly watermarks: readonly { readonly exchange: ExchangeIndex; readonly time: InputTime }[];
  readonly latency: LatencyPart;
  readonly pauses: LatencyPart;
  readonly stateBytes: number;
  readonly stateEntries: number;
}

export type TaskResult =
  | { readonly kind: 'done'; readonly output: TaskOutput }
  /** Another attempt of the task had taken the claim: this one left without a trace. */
  | { readonly kind: 'superseded' }
  | { readonly kind: 'failed'; readonly report: ErrorReport };
