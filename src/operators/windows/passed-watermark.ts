/**
 * The watermark behind windows. Pure.
 *
 * A window that may still emit ends above `watermark - lateness`, and its results have the time `end - 1`, a whole number of milliseconds. So they
 * are above the watermark, except those of a window that ends at the next millisecond: its results are at the watermark, and an operator behind
 * would call them late. One millisecond less is passed on then, and the same watermark otherwise: windows behind windows close with them.
 */
import { type DurationMs, END_OF_TIME, TIME_UNSET, type TimestampMs } from '../../model/index.ts';

/** Calendars end there. */
const TIME_MAX = 8.6e15;

/** `isEnd`: whether a window may end at that time. */
export function derivePassedWatermark(
  watermark: TimestampMs,
  latenessMs: DurationMs,
  isEnd: (time: TimestampMs) => boolean,
): TimestampMs {
  const passed = Math.floor(watermark - latenessMs);
  if (Math.abs(passed) > TIME_MAX) return passed;
  return isEnd(passed + 1) ? passed - 1 : passed;
}

/** Where results may come for records of any age until the input has ended: they would be late behind any other. */
export function derivePassedAtEnd(watermark: TimestampMs): TimestampMs {
  return watermark === END_OF_TIME ? END_OF_TIME : TIME_UNSET;
}
