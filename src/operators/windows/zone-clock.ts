/**
 * Local time of a time zone, from the zone data of the runtime. Local times are written as if they were UTC: milliseconds since
 * 1970-01-01T00:00 on the wall clock of the zone.
 *
 * A look-up costs microseconds: callers keep what they found.
 */
import type { DurationMs, TimestampMs } from '../../model/index.ts';

/** Farther than any change of a zone reaches. */
const DAY_MS = 86_400_000;

export class ZoneClock {
  readonly #format: Intl.DateTimeFormat | undefined;

  /** Throws `RangeError` for a zone the runtime does not know. */
  constructor(timeZone: string) {
    const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
    this.#format = format.resolvedOptions().timeZone === 'UTC' ? undefined : format;
  }

  /** What local time is ahead of UTC at `instant`. */
  offsetAt(instant: TimestampMs): DurationMs {
    if (this.#format === undefined) return 0;
    const text = this.#format.formatToParts(instant).find(({ type }) => type === 'timeZoneName')!.value;
    const [, sign, hours, minutes, seconds] = /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text)!;
    if (sign === undefined) return 0;
    const offset = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds ?? 0)) * 1000;
    return sign === '-' ? -offset : offset;
  }

  /** The first instant at which the wall clock shows `local`, or has jumped over it. */
  instantOf(local: number): TimestampMs {
    const before = this.offsetAt(local - DAY_MS);
    const after = this.offsetAt(local + DAY_MS);
    const first = local - Math.max(before, after);
    if (before === after) return first;
    const last = local - Math.min(before, after);
    if (first + this.offsetAt(first) === local) return first;
    if (last + this.offsetAt(last) === local) return last;
    return this.changeBetween(first, last);
  }

  /** The first instant in `(from, to]` that has the offset of `to`, where the offset changes once between them. */
  changeBetween(from: TimestampMs, to: TimestampMs): TimestampMs {
    const target = this.offsetAt(to);
    let [low, high] = [from, to];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.offsetAt(middle) === target) high = middle;
      else low = middle;
    }
    return high;
  }
}
