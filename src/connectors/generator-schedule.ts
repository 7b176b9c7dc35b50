/**
 * When the records of a generator are due. Pure: all readers and the surveyor of a run that begin at the same time and index agree.
 */
import type { MonotonicMs, SurveyHint } from '../model/index.ts';

export class GeneratorSchedule {
  readonly startedAt: MonotonicMs;
  /** Index that is due at `startedAt`. */
  readonly firstIndex: number;
  readonly #periodMs: number;

  /** `periodMs`: between two records of the whole source; 0: every record is due at once. */
  constructor(startedAt: MonotonicMs, firstIndex: number, periodMs: number) {
    this.startedAt = startedAt;
    this.firstIndex = firstIndex;
    this.#periodMs = periodMs;
  }

  /** The schedule that a surveyor has told all readers of its run; `undefined` where there is none. */
  static fromHint(hint: SurveyHint | undefined, periodMs: number): GeneratorSchedule | undefined {
    if (hint === undefined) return undefined;
    return new GeneratorSchedule(Number(hint['startedAt']), Number(hint['firstIndex']), periodMs);
  }

  toHint(): SurveyHint {
    return { startedAt: this.startedAt, firstIndex: this.firstIndex };
  }

  dueAt(index: number): MonotonicMs {
    return this.startedAt + (index - this.firstIndex) * this.#periodMs;
  }

  /** The first index that is not due yet; not for a period of 0. */
  firstNotDue(now: MonotonicMs): number {
    let index = this.firstIndex + Math.max(0, Math.floor((now - this.startedAt) / this.#periodMs));
    // The quotient is rounded; what is due is decided by `dueAt` alone.
    while (this.dueAt(index) <= now) index++;
    while (index > this.firstIndex && this.dueAt(index - 1) > now) index--;
    return index;
  }
}

/** Where a schedule begins: the least of `indexes`, rounded down to a multiple of `splits`, so that all splits keep to one schedule. */
export function firstScheduledIndex(indexes: readonly number[], splits: number): number {
  const first = Math.min(Number.POSITIVE_INFINITY, ...indexes);
  return first - (first % splits);
}
