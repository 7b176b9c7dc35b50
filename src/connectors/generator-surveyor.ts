/** Says which records of a generator are due: the driver's half in microbatch mode. Makes no records. */
import type {
  MonotonicMs,
  Offset,
  SourceSurveyor,
  SplitExtent,
  SplitId,
  SplitOffsets,
  SurveyContext,
  SurveyHint,
} from '../model/index.ts';
import { firstScheduledIndex, GeneratorSchedule } from './generator-schedule.ts';

/** What there is of a generator without a rate and without an end: the limits of a batch cut it, and if there are none, this does. */
const AHEAD_RECORDS = 1_000_000;

export interface GeneratorRange {
  /** Milliseconds between two records of the whole source; 0: as fast as they are taken. */
  readonly periodMs: number;
  readonly records: number;
  readonly splits: number;
}

export class GeneratorSurveyor implements SourceSurveyor {
  readonly #context: SurveyContext;
  readonly #range: GeneratorRange;
  readonly #firstIndex: number;
  /** Begins with the first survey, or when the first reader is told of it. */
  #schedule: GeneratorSchedule | undefined;
  /** The least index that the last survey left out; Infinity: none. */
  #nextIndex: number;

  constructor(context: SurveyContext, range: GeneratorRange) {
    this.#context = context;
    this.#range = range;
    const indexes = context.splits.map((split) => indexOf(split, context.offsets[split]));
    this.#firstIndex = firstScheduledIndex(indexes, range.splits);
    this.#nextIndex = this.#firstIndex;
  }

  /** When the schedule begins, so that every reader of the run, whenever it is made, stamps a record with the same time. */
  get hint(): SurveyHint {
    return this.#begun().toHint();
  }

  async survey(from: SplitOffsets, end: SplitOffsets = {}): Promise<Readonly<Record<SplitId, SplitExtent>>> {
    const { periodMs } = this.#range;
    const schedule = this.#begun();
    const now = this.#context.clock.monotonic();
    const notDue = periodMs === 0 ? Number.POSITIVE_INFINITY : schedule.firstNotDue(now);
    this.#nextIndex = Number.POSITIVE_INFINITY;
    return Object.fromEntries(
      this.#context.splits.map((split) => {
        const bound = Math.min(notDue, Number(end[split] ?? Number.POSITIVE_INFINITY));
        return [split, this.#extent(indexOf(split, from[split]), bound)];
      }),
    );
  }

  /** `bound`: the least index that may not be read. */
  #extent(from: number, bound: number): SplitExtent {
    const { splits } = this.#range;
    const end = Math.min(this.#range.records, bound);
    const records = end === Number.POSITIVE_INFINITY ? AHEAD_RECORDS : Math.max(0, Math.ceil((end - from) / splits));
    const until = from + records * splits;
    const isEnd = until >= this.#range.records;
    if (!isEnd) this.#nextIndex = Math.min(this.#nextIndex, until);
    return { until, records, isEmpty: records === 0, isEnd };
  }

  wakeAt(): MonotonicMs {
    return this.#nextIndex === Number.POSITIVE_INFINITY ? this.#nextIndex : this.#begun().dueAt(this.#nextIndex);
  }

  close(): void {}

  #begun(): GeneratorSchedule {
    this.#schedule ??= new GeneratorSchedule(this.#context.clock.monotonic(), this.#firstIndex, this.#range.periodMs);
    return this.#schedule;
  }
}

function indexOf(split: SplitId, offset: Offset | undefined): number {
  return Number(offset ?? split);
}
