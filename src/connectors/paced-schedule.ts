/**
 * When the records of a paced source are due. Pure.
 *
 * Record k of split s of S is record `n = s + k * S` of the source, due at `start + n * period`. Where the run does not begin at the
 * beginning, each split counts from its own first record: splits of different length do not wait for each other.
 */
import type { MonotonicMs, SurveyHint } from '../model/index.ts';

export class PacedSchedule {
  readonly #startedAt: MonotonicMs;
  /** By split: how many of its records were read before. */
  readonly #firsts: readonly number[];
  readonly #periodMs: number;

  /** `periodMs`: between two records of the whole source; 0: every record is due at once. */
  constructor(startedAt: MonotonicMs, firsts: readonly number[], periodMs: number) {
    this.#startedAt = startedAt;
    this.#firsts = firsts;
    this.#periodMs = periodMs;
  }

  /** As a surveyor told it to all readers of its run; `undefined` where there is none. */
  static fromHint(hint: SurveyHint | undefined, periodMs: number): PacedSchedule | undefined {
    if (hint === undefined) return undefined;
    return new PacedSchedule(Number(hint['startedAt']), JSON.parse(String(hint['firsts'])), periodMs);
  }

  toHint(): SurveyHint {
    return { startedAt: this.#startedAt, firsts: JSON.stringify(this.#firsts) };
  }

  /** When the record is due before which `records` of the split were read. */
  dueAt(split: { readonly index: number; readonly splits: number }, records: number): MonotonicMs {
    const since = records - this.#firstOf(split.index);
    return this.#startedAt + (since * split.splits + split.index) * this.#periodMs;
  }

  /** How many records of the split are due, those read before included. */
  recordsDue(split: { readonly index: number; readonly splits: number }, now: MonotonicMs): number {
    if (this.#periodMs === 0) return Number.POSITIVE_INFINITY;
    const first = this.#firstOf(split.index);
    const turns = ((now - this.#startedAt) / this.#periodMs - split.index) / split.splits;
    let records = first + Math.max(0, Math.ceil(turns));
    // The quotient is rounded; what is due is decided by `dueAt` alone.
    while (this.dueAt(split, records) <= now) records++;
    while (records > first && this.dueAt(split, records - 1) > now) records--;
    return records;
  }

  #firstOf(index: number): number {
    return this.#firsts[index] ?? 0;
  }
}
