/**
 * Hours, days, weeks, months, quarters and years on the wall clock of a time zone.
 *
 * A day begins at the first instant that the wall clock shows its beginning (or has jumped over it), and ends where the next one begins: days of
 * 23 and 25 hours are one interval each. Hours have 60 minutes also where the clock goes back; where it moves by part of an hour, an
 * interval ends at the change. Intervals found are kept, so a record usually costs two comparisons.
 */
import type { DurationMs, TimestampMs } from '../../model/index.ts';
import type { TimeIntervals } from './time-intervals.ts';
import type { CalendarUnit } from './window-definition.ts';
import { ZoneClock } from './zone-clock.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Intervals kept; beyond it they are looked up anew. */
const INTERVALS_MAX = 4096;

const MONTHS: ReadonlyMap<CalendarUnit, number> = new Map([
  ['month', 1],
  ['quarter', 3],
  ['year', 12],
]);

interface Interval {
  readonly start: TimestampMs;
  readonly end: TimestampMs;
}

export class CalendarIntervals implements TimeIntervals {
  readonly #unit: CalendarUnit;
  readonly #zone: ZoneClock;
  readonly #offsetMs: DurationMs;
  /** Ascending. */
  #known: Interval[] = [];
  #last: Interval = { start: 0, end: 0 };

  constructor(unit: CalendarUnit, timeZone: string, offsetMs: DurationMs) {
    this.#unit = unit;
    this.#zone = new ZoneClock(timeZone);
    this.#offsetMs = offsetMs;
  }

  startOf(time: TimestampMs): TimestampMs {
    return this.#intervalOf(time).start;
  }

  endOf(start: TimestampMs): TimestampMs {
    return this.#intervalOf(start).end;
  }

  #intervalOf(time: TimestampMs): Interval {
    if (time >= this.#last.start && time < this.#last.end) return this.#last;
    const at = this.#knownBefore(time);
    const found = this.#known[at];
    if (found !== undefined && time < found.end) {
      this.#last = found;
      return found;
    }
    if (this.#known.length >= INTERVALS_MAX) this.#known = [];
    const interval = this.#unit === 'hour' ? this.#hourOf(time) : this.#daysOf(time);
    this.#known.splice(this.#known.length === 0 ? 0 : at + 1, 0, interval);
    this.#last = interval;
    return interval;
  }

  /** Index of the last known interval that begins at or before `time`; -1: none. */
  #knownBefore(time: TimestampMs): number {
    let low = 0;
    let high = this.#known.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#known[middle]!.start <= time) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #hourOf(time: TimestampMs): Interval {
    const shift = this.#zone.offsetAt(time) - this.#offsetMs;
    const start = Math.floor((time + shift) / HOUR_MS) * HOUR_MS - shift;
    const end = start + HOUR_MS;
    const offset = this.#zone.offsetAt(time);
    return {
      start: this.#zone.offsetAt(start) === offset ? start : this.#zone.changeBetween(start, Math.floor(time)),
      end: this.#zone.offsetAt(end - 1) === offset ? end : this.#zone.changeBetween(Math.floor(time), end - 1),
    };
  }

  #daysOf(time: TimestampMs): Interval {
    let local = this.#floor(time + this.#zone.offsetAt(time) - this.#offsetMs);
    let start = this.#boundary(local);
    // Around a change of the clock the wall may show a day that has not begun, or one that is over.
    while (start > time) {
      local = this.#floor(local - 1);
      start = this.#boundary(local);
    }
    for (;;) {
      const next = this.#floor(local + this.#lengthMax());
      const end = this.#boundary(next);
      if (time < end) return { start, end };
      local = next;
      start = end;
    }
  }

  /** More than one interval, less than two. */
  #lengthMax(): DurationMs {
    const months = MONTHS.get(this.#unit);
    if (months !== undefined) return months * 31 * DAY_MS;
    return this.#unit === 'week' ? 7 * DAY_MS : DAY_MS;
  }

  #boundary(local: number): TimestampMs {
    return this.#zone.instantOf(local + this.#offsetMs);
  }

  /** Beginning of the unit, in local time without the offset. */
  #floor(local: number): number {
    const day = Math.floor(local / DAY_MS);
    if (this.#unit === 'day') return day * DAY_MS;
    // 1970-01-01 was a Thursday.
    if (this.#unit === 'week') return (Math.floor((day + 3) / 7) * 7 - 3) * DAY_MS;
    const months = MONTHS.get(this.#unit)!;
    const date = new Date(day * DAY_MS);
    date.setUTCMonth(Math.floor(date.getUTCMonth() / months) * months, 1);
    return date.getTime();
  }
}
