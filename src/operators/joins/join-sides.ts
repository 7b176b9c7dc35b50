/**
 * What a stream join keeps of the current key: the rows of both sides, and one timer, at which the first of them ends.
 *
 * Invariant between calls: where the key has rows, the timer is at `endsAt()`, and nowhere else. It is derived from the rows, so it needs no
 * state of its own.
 */
import {
  assert,
  type NodeSignature,
  type OperatorContext,
  type TimerQueue,
  type TimestampMs,
} from '../../model/index.ts';
import type { JoinType, TimeRange } from './join-definition.ts';
import { deriveSweepPeriods, type SweepPeriods, sweptAt } from './join-range.ts';
import { type TimedRow, TimeOrderedRows, timeOrderedStates } from './time-ordered-rows.ts';

const TIMER_TAG = 'end';

export class JoinSides<Left extends TimedRow, Right extends TimedRow> {
  readonly left: TimeOrderedRows<Left>;
  readonly right: TimeOrderedRows<Right>;
  readonly #range: TimeRange;
  readonly #periods: SweepPeriods;
  readonly #timers: TimerQueue;

  constructor(context: OperatorContext, type: JoinType, range: TimeRange) {
    const { state, node } = context;
    assert(state !== undefined, `the join '${node}' was opened without keyed state`);
    this.left = new TimeOrderedRows(state, 'left');
    this.right = new TimeOrderedRows(state, 'right');
    this.#range = range;
    this.#periods = deriveSweepPeriods(type, range);
    this.#timers = state.timers('event');
  }

  /** When the first row of the key is taken out; +Infinity where there is none. */
  endsAt(): TimestampMs {
    const { beforeMs, afterMs } = this.#range;
    const { leftMs, rightMs } = this.#periods;
    return Math.min(
      sweptAt(this.left.firstTime(), afterMs, leftMs),
      sweptAt(this.right.firstTime(), beforeMs, rightMs),
    );
  }

  /** Behind every change of rows. `endedAt` is what `endsAt` said before it. */
  moveTimer(endedAt: TimestampMs): void {
    const endsAt = this.endsAt();
    if (endsAt === endedAt) return;
    if (endedAt !== Number.POSITIVE_INFINITY) this.#timers.remove(endedAt, TIMER_TAG);
    if (endsAt !== Number.POSITIVE_INFINITY) this.#timers.add(endsAt, TIMER_TAG);
  }

  /** The timer has fired: takes out all rows that have ended, of each side in the order of their times, and sets the timer anew. */
  end(watermark: TimestampMs, onLeft: (row: Left) => void, onRight: (row: Right) => void): void {
    const { beforeMs, afterMs } = this.#range;
    const { leftMs, rightMs } = this.#periods;
    takeEnded(this.left, (time) => sweptAt(time, afterMs, leftMs) <= watermark, onLeft);
    takeEnded(this.right, (time) => sweptAt(time, beforeMs, rightMs) <= watermark, onRight);
    this.moveTimer(Number.POSITIVE_INFINITY);
  }
}

export const JOIN_STATES: NodeSignature['states'] = [
  ...timeOrderedStates('left'),
  ...timeOrderedStates('right'),
  { name: 'timers:event', kind: 'timers' },
];

function takeEnded<Row extends TimedRow>(
  rows: TimeOrderedRows<Row>,
  // By the very expression that the timer was set by: rounding of large or fractional times cannot make it fire in vain.
  hasEnded: (time: TimestampMs) => boolean,
  onRow: (row: Row) => void,
): void {
  rows.visit(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, (row) => {
    if (!hasEnded(row.time)) return 'stop';
    onRow(row);
    return 'remove';
  });
}
