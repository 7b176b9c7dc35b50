/** Joins as users define them: plain descriptions, checked and compiled elsewhere. */
import type { DurationMs } from '../../model/index.ts';
import type { WindowDefinition } from '../windows/window-definition.ts';

/** Missing sides are `null`. `semi` and `anti` emit left values only. */
export type JoinType = 'inner' | 'left' | 'right' | 'full' | 'semi' | 'anti';

/**
 * Two keyed streams, by key and time: a left record at `l` meets right records at `r` with `l - beforeMs <= r <= l + afterMs` (both inclusive).
 * State is bounded by the watermark. Null rows come when the watermark says that nothing can match any more.
 */
export interface TimeRange {
  readonly beforeMs: DurationMs;
  readonly afterMs: DurationMs;
}

export interface StreamJoinOptions<Left, Right, Out> {
  readonly type?: JoinType | undefined;
  /**
   * How far apart in event time two records may be. Without it nothing would ever be removed: then `retentionMs` has to say how long a record
   * is kept.
   */
  readonly within?: TimeRange | undefined;
  /**
   * Event time for which a record of either side is kept, in place of `within`: it meets the records of the other side that are at most so far
   * from it, however far the watermark is behind. Only type 'inner' and 'semi'.
   */
  readonly retentionMs?: DurationMs | undefined;
  /** Makes the emitted value; default `{ left, right }`, for semi and anti the left value. */
  readonly select?: ((left: Left | null, right: Right | null) => Out) | undefined;
}

/** Two keyed streams, records of one key in the same window. `tumbling`, `sliding` or `calendar` windows in event time. */
export interface WindowJoinOptions<Left, Right, Out> {
  readonly type?: JoinType | undefined;
  readonly window: WindowDefinition;
  /** Default `{ left, right, windowStart, windowEnd }`, for semi and anti the left value. */
  readonly select?:
    | ((left: Left | null, right: Right | null, window: { readonly start: number; readonly end: number }) => Out)
    | undefined;
}

/**
 * A stream and a table that changes, both keyed: each record meets the version of its key's row that held at the record's event time, once
 * the watermark has passed that time. Records of the table are its versions; `isDelete` says which of them end a row.
 */
export interface TableJoinOptions<Left, Right, Out> {
  /** `inner` drops records without a row. Default 'inner'. */
  readonly type?: 'inner' | 'left' | undefined;
  readonly isDelete?: ((row: Right) => boolean) | undefined;
  readonly select?: ((left: Left, row: Right | null) => Out) | undefined;
}

/**
 * A stream of any distribution and a small table, given whole to every subtask. The newest row of a key counts: the one with the latest event
 * time, or the last to come where rows have none. A table that ends (a file that is not followed) is read whole before the first record of the
 * stream; one that goes on is used as far as it has come.
 */
export interface BroadcastJoinOptions<Left, Right, Out> {
  readonly type?: 'inner' | 'left' | undefined;
  readonly leftKey: (value: Left) => string | number;
  readonly rightKey: (row: Right) => string | number;
  readonly isDelete?: ((row: Right) => boolean) | undefined;
  readonly select?: ((left: Left, row: Right | null) => Out) | undefined;
}
