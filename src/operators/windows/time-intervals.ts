/** How time is cut into windows that follow one another without gaps: `[start, end)`, each named by its start. */
import type { DurationMs, TimestampMs } from '../../model/index.ts';
import { CalendarIntervals } from './calendar-intervals.ts';
import type { CalendarOptions, TumblingOptions } from './window-definition.ts';

export interface TimeIntervals {
  /** Start of the interval that holds `time`, which is finite. */
  startOf(time: TimestampMs): TimestampMs;
  /** End of the interval that begins at `start`. */
  endOf(start: TimestampMs): TimestampMs;
}

/** Intervals of one length. */
export class FixedIntervals implements TimeIntervals {
  readonly #sizeMs: DurationMs;
  readonly #offsetMs: DurationMs;

  constructor(sizeMs: DurationMs, offsetMs: DurationMs) {
    this.#sizeMs = sizeMs;
    this.#offsetMs = offsetMs;
  }

  startOf(time: TimestampMs): TimestampMs {
    return Math.floor((time - this.#offsetMs) / this.#sizeMs) * this.#sizeMs + this.#offsetMs;
  }

  endOf(start: TimestampMs): TimestampMs {
    return start + this.#sizeMs;
  }
}

/** The intervals of windows that do not overlap. */
export function createTimeIntervals(
  window: ({ readonly kind: 'tumbling' } & TumblingOptions) | ({ readonly kind: 'calendar' } & CalendarOptions),
): TimeIntervals {
  return window.kind === 'tumbling'
    ? new FixedIntervals(window.sizeMs, window.offsetMs ?? 0)
    : new CalendarIntervals(window.unit, window.timeZone ?? 'UTC', window.offsetMs ?? 0);
}
