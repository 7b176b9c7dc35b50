import type { NodeId, SplitId } from './ids.ts';

/** What to do with input that cannot be used. */
export type BadRecordPolicy = 'fail' | 'skip' | 'dead-letter';

/** A refused record. Stored in the transaction of the epoch that passed over it, hence exactly once. */
export interface DeadLetter {
  readonly node: NodeId;
  /** File, partition or generator part it came from. */
  readonly split: SplitId;
  /** Position in the split, as the connector names it (for a file: the byte offset of the line). */
  readonly offset: string;
  /** One sentence. */
  readonly reason: string;
  /** The bytes as they came, cut at {@link DEAD_LETTER_RAW_BYTES_MAX}. */
  readonly raw: Uint8Array;
  /** Length before the cut. */
  readonly rawBytes: number;
}

export const DEAD_LETTER_RAW_BYTES_MAX: number = 64 * 1024;
