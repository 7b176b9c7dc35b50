/** What joins emit, and their options with types that follow from the join type. For the compiler only. */
import type { DurationMs } from '../model/index.ts';
import type {
  BroadcastJoinOptions,
  JoinType,
  TableJoinOptions,
  TimeRange,
  WindowDefinition,
} from '../operators/index.ts';

/** The left side of a match: `null` where the type of the join emits right records alone. */
export type LeftOf<Type extends JoinType, L> = Type extends 'right' | 'full' ? L | null : L;

/** The right side of a match: `null` where the type of the join emits left records alone. */
export type RightOf<Type extends JoinType, R> = Type extends 'left' | 'full'
  ? R | null
  : Type extends 'semi' | 'anti'
    ? null
    : R;

/** What a join emits without `select`: both sides, or the left record of `semi` and `anti`. */
export type JoinedRow<Type extends JoinType, L, R> = Type extends 'semi' | 'anti'
  ? L
  : { readonly left: LeftOf<Type, L>; readonly right: RightOf<Type, R> };

/** The same with the window in which the records met. */
export type WindowJoinedRow<Type extends JoinType, L, R> = Type extends 'semi' | 'anti'
  ? L
  : JoinedRow<Type, L, R> & { readonly windowStart: number; readonly windowEnd: number };

/** See `StreamJoinOptions` of the operators: one of `within` and `retentionMs` is needed. */
export interface JoinOptions<Type extends JoinType, L, R, Out> {
  /** Default 'inner'. */
  readonly type?: Type | undefined;
  /** A left record at `l` meets right records at `r` with `l - beforeMs <= r <= l + afterMs`. */
  readonly within?: TimeRange | undefined;
  /** Event time for which a record of either side is kept, in place of `within`. Only 'inner' and 'semi'. */
  readonly retentionMs?: DurationMs | undefined;
  /** Makes the emitted value; default `{ left, right }`, for semi and anti the left value. */
  readonly select?: ((left: LeftOf<Type, L>, right: RightOf<Type, R>) => Out) | undefined;
}

export interface WindowedJoinOptions<Type extends JoinType, L, R, Out> {
  /** Default 'inner'. */
  readonly type?: Type | undefined;
  /** `tumbling`, `sliding` or `calendar`, in event time. */
  readonly window: WindowDefinition;
  /** Makes the emitted value; default `{ left, right, windowStart, windowEnd }`, for semi and anti the left value. */
  readonly select?:
    | ((
        left: LeftOf<Type, L>,
        right: RightOf<Type, R>,
        window: { readonly start: number; readonly end: number },
      ) => Out)
    | undefined;
}

export type TableType = 'inner' | 'left';

export type TypedTableJoin<Type extends TableType, L, R, Out> = Omit<TableJoinOptions<L, R, Out>, 'type' | 'select'> & {
  /** `inner` drops records without a row. Default 'inner'. */
  readonly type?: Type | undefined;
  readonly select?: ((left: L, row: RightOf<Type, R>) => Out) | undefined;
};

export type TypedBroadcastJoin<Type extends TableType, L, R, Out> = Omit<
  BroadcastJoinOptions<L, R, Out>,
  'type' | 'select'
> & {
  /** `inner` drops records without a row. Default 'inner'. */
  readonly type?: Type | undefined;
  readonly select?: ((left: L, row: RightOf<Type, R>) => Out) | undefined;
};
