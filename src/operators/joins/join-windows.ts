/**
 * The windows of a window join, each named by its end. Pure.
 *
 * Both answers about a time rise with it: a row earlier than another is in no window that closes later, and is free no later.
 */
import { assert, type TimestampMs } from '../../model/index.ts';
import { SlideGeometry } from '../windows/slide-geometry.ts';
import { createTimeIntervals, type TimeIntervals } from '../windows/time-intervals.ts';
import type { TimeWindow } from '../windows/window-definition.ts';

export interface JoinWindows {
  /** End of the first window that holds `time` and ends behind `after`; +Infinity where there is none. */
  firstEnd(time: TimestampMs, after: TimestampMs): TimestampMs;
  /** End of the last window that holds `time`. */
  lastEnd(time: TimestampMs): TimestampMs;
  /** Start of the window that ends at `end`. */
  startOf(end: TimestampMs): TimestampMs;
  /** Whether a window ends at `time`. */
  isEnd(time: TimestampMs): boolean;
}

/** Of a definition without problems. */
export function createJoinWindows(window: TimeWindow): JoinWindows {
  assert(window.kind !== 'session', 'a window join has windows of its own time');
  return window.kind === 'sliding'
    ? new SlidingJoinWindows(window.sizeMs, window.slideMs, window.offsetMs ?? 0)
    : new SeparateJoinWindows(createTimeIntervals(window));
}

class SeparateJoinWindows implements JoinWindows {
  readonly #intervals: TimeIntervals;

  constructor(intervals: TimeIntervals) {
    this.#intervals = intervals;
  }

  firstEnd(time: TimestampMs, after: TimestampMs): TimestampMs {
    const end = this.lastEnd(time);
    return end > after ? end : Number.POSITIVE_INFINITY;
  }

  lastEnd(time: TimestampMs): TimestampMs {
    return this.#intervals.endOf(this.#intervals.startOf(time));
  }

  startOf(end: TimestampMs): TimestampMs {
    return this.#intervals.startOf(end - 1);
  }

  isEnd(time: TimestampMs): boolean {
    return this.lastEnd(time - 1) === time;
  }
}

class SlidingJoinWindows implements JoinWindows {
  readonly #geometry: SlideGeometry;
  readonly #sizeMs: number;
  readonly #slideMs: number;
  readonly #offsetMs: number;

  constructor(sizeMs: number, slideMs: number, offsetMs: number) {
    this.#geometry = new SlideGeometry(sizeMs, slideMs, offsetMs);
    this.#sizeMs = sizeMs;
    this.#slideMs = slideMs;
    this.#offsetMs = offsetMs;
  }

  firstEnd(time: TimestampMs, after: TimestampMs): TimestampMs {
    const window = this.#geometry.firstOpenAt(Math.max(time, after));
    return window > this.#lastWindow(time) ? Number.POSITIVE_INFINITY : this.#geometry.endOf(window);
  }

  lastEnd(time: TimestampMs): TimestampMs {
    return this.#geometry.endOf(this.#lastWindow(time));
  }

  startOf(end: TimestampMs): TimestampMs {
    return end - this.#sizeMs;
  }

  isEnd(time: TimestampMs): boolean {
    return this.#geometry.endOf(this.#geometry.firstOpenAt(time - 1)) === time;
  }

  #lastWindow(time: TimestampMs): number {
    return Math.floor((time - this.#offsetMs) / this.#slideMs);
  }
}
