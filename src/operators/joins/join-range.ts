/**
 * How far apart in time two records may be that a stream join pairs, and what follows from it: pure.
 *
 * A left record at `l` meets right records at `r` with `l - beforeMs <= r <= l + afterMs`, which is `r - afterMs <= l <= r + beforeMs`. What is
 * still to come is above the watermark W. So nothing more can meet a left row with `l + afterMs < W`, nor a right row with `r + beforeMs < W`:
 * there the row ends (Spark's inequality, strict; for whole milliseconds: at W = `l + afterMs + 1`).
 *
 * What may the operator say of its output, W having been in front of it? It must be below the time of every record emitted later.
 * - A pair has the greater of two times. One of the two records comes later than W was raised, so it is above W.
 * - A row emitted under its own time (a null row, or the left row of a semi or anti join) either comes later, above W, or was kept at W: then
 *   `l + afterMs >= W`, so `l > W - afterMs - 1` (right rows: `beforeMs`).
 * The least of the bounds that a join type has is `W - max(-1, the reaches of those sides) - 1`; for a full join this is the formula of Spark.
 */
import type { DurationMs, TimestampMs } from '../../model/index.ts';
import type { JoinType, StreamJoinOptions, TimeRange } from './join-definition.ts';

/** The range of a join: `retentionMs` is the range that reaches so far to both sides. */
export function rangeOf(options: Pick<StreamJoinOptions<never, never, never>, 'within' | 'retentionMs'>): TimeRange {
  const { within, retentionMs = 0 } = options;
  return within ?? { beforeMs: retentionMs, afterMs: retentionMs };
}

/** When a row ends that meets rows of the other side up to `reachMs` later: when `endOf(...) <= watermark`. */
export function endOf(time: TimestampMs, reachMs: DurationMs): TimestampMs {
  return time + reachMs + 1;
}

/** How far the watermark behind a join stays behind the one in front of it. */
export function derivePassedLag(type: JoinType, { beforeMs, afterMs }: TimeRange): DurationMs {
  let reachMs = -1;
  if (type !== 'inner' && type !== 'right') reachMs = Math.max(reachMs, afterMs);
  if (type === 'right' || type === 'full') reachMs = Math.max(reachMs, beforeMs);
  return reachMs + 1;
}
