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

/** How many times in the life of a row its side is swept, where nothing is emitted for rows that end. */
const SWEEPS_PER_REACH = 8;

/** At what multiples of event time the rows of a side end together; 0: each at its own end, because it is emitted then. */
export interface SweepPeriods {
  readonly leftMs: DurationMs;
  readonly rightMs: DurationMs;
}

/**
 * A row that nobody waits for may stay a little longer: records still to come are out of its range. So one timer ends many rows of a busy key,
 * and not each record leads to one.
 */
export function deriveSweepPeriods(type: JoinType, { beforeMs, afterMs }: TimeRange): SweepPeriods {
  const isLeftEmitted = type === 'left' || type === 'full' || type === 'anti';
  const isRightEmitted = type === 'right' || type === 'full';
  const periodMs = Math.ceil(Math.max(beforeMs, afterMs, 1) / SWEEPS_PER_REACH);
  return { leftMs: isLeftEmitted ? 0 : periodMs, rightMs: isRightEmitted ? 0 : periodMs };
}

/** When a row is taken out: at its end, or at the next multiple of the period. */
export function sweptAt(time: TimestampMs, reachMs: DurationMs, periodMs: DurationMs): TimestampMs {
  const end = endOf(time, reachMs);
  return periodMs === 0 ? end : Math.ceil(end / periodMs) * periodMs;
}

/** How far the watermark behind a join stays behind the one in front of it. */
export function derivePassedLag(type: JoinType, { beforeMs, afterMs }: TimeRange): DurationMs {
  let reachMs = -1;
  if (type !== 'inner' && type !== 'right') reachMs = Math.max(reachMs, afterMs);
  if (type === 'right' || type === 'full') reachMs = Math.max(reachMs, beforeMs);
  return reachMs + 1;
}
