import { SplitAnnouncer } from '../../src/connectors/split-announcer.ts';
import type { SourceSurveyor, SplitExtent, SplitOffsets } from '../../src/model/index.ts';
import {
  type MonotonicMs,
  type PollResult,
  type SourceConnector,
  type SourceEmitter,
  type SourceReader,
  type SourceReaderContext,
  StreamRecord,
  type SurveyContext,
} from '../../src/model/index.ts';

export interface TimedSourceOptions {
  /** By split: when each of its records is there, ms since the start of the process, ascending. */
  readonly arrivals: readonly (readonly MonotonicMs[])[];
  /** Whether the splits end behind their last record; default true. */
  readonly hasEnd?: boolean;
  /** What each record counts for in surveys. Absent: records have no size. */
  readonly recordBytes?: number;
  /** Whether surveys say how many records there are; default true. */
  readonly knowsRecords?: boolean;
  /** Record `index` of a split is refused. */
  readonly isRefused?: (index: number) => boolean;
  readonly refusal?: 'skip' | 'dead-letter';
}

export interface TimedRecord {
  readonly split: number;
  readonly index: number;
}

/** A source whose records are there at given times of the clock. An offset is the index of the next record of its split. */
export function timedSource(options: TimedSourceOptions): SourceConnector<TimedRecord> {
  const splits = options.arrivals.map((_, split) => String(split));
  return {
    isBounded: options.hasEnd ?? true,
    describe: () => ({ type: 'timed', label: 'timed', identity: {} }),
    listSplits: async () => splits,
    createReader: (context) => new TimedReader(options, context),
    createSurveyor: (context) => surveyorOf(options, context),
  };
}

function arrived(arrivals: readonly MonotonicMs[], now: MonotonicMs): number {
  return arrivals.filter((at) => at <= now).length;
}

function isOver({ arrivals, hasEnd = true }: TimedSourceOptions, split: string, next: number): boolean {
  return hasEnd && next >= arrivals[Number(split)]!.length;
}

function nextArrival({ arrivals }: TimedSourceOptions, splits: readonly string[], now: MonotonicMs): MonotonicMs {
  const later = splits.flatMap((split) => arrivals[Number(split)]!.filter((at) => at > now));
  return Math.min(Number.POSITIVE_INFINITY, ...later);
}

function surveyorOf(options: TimedSourceOptions, { clock, splits }: SurveyContext): SourceSurveyor {
  const { arrivals, knowsRecords = true, recordBytes } = options;
  const extentOf = (split: string, from: SplitOffsets, end: SplitOffsets | undefined): SplitExtent => {
    const first = Number(from[split] ?? 0);
    const here = Math.max(first, arrived(arrivals[Number(split)]!, clock.monotonic()));
    const until = Math.min(here, Number(end?.[split] ?? here));
    const records = until - first;
    return {
      until,
      ...(knowsRecords ? { records } : {}),
      ...(recordBytes === undefined ? {} : { bytes: records * recordBytes }),
      isEmpty: records === 0,
      isEnd: isOver(options, split, until),
    };
  };
  return {
    survey: async (from, end) => Object.fromEntries(splits.map((split) => [split, extentOf(split, from, end)])),
    cut: (_split, from, bytes) => Number(from ?? 0) + Math.max(1, Math.floor(bytes / (recordBytes ?? 1))),
    wakeAt: () => nextArrival(options, splits, clock.monotonic()),
    close: () => {},
  };
}

class TimedReader implements SourceReader<TimedRecord> {
  readonly #options: TimedSourceOptions;
  readonly #context: SourceReaderContext;
  readonly #next: Map<string, number>;
  readonly #announcer: SplitAnnouncer = new SplitAnnouncer();

  constructor(options: TimedSourceOptions, context: SourceReaderContext) {
    this.#options = options;
    this.#context = context;
    this.#next = new Map(context.splits.map((split) => [split, Number(context.offsets[split] ?? 0)]));
  }

  offsets(): SplitOffsets {
    return Object.fromEntries(this.#next);
  }

  poll(out: SourceEmitter<TimedRecord>, limit: number, until?: SplitOffsets): PollResult {
    const now = this.#context.clock.monotonic();
    this.#announcer.begin(out);
    let left = limit;
    for (const [split, first] of this.#next) {
      // What was planned is there, also when a new process says that it is still to come.
      const end = Number(until?.[split] ?? arrived(this.#options.arrivals[Number(split)]!, now));
      if (left > 0 && first >= end) this.#announcer.caughtUp(split);
      for (let index = first; index < end && left > 0; index++, left--) {
        this.#next.set(split, index + 1);
        this.#read(out, split, index, now);
      }
    }
    for (const [split, next] of this.#next) if (isOver(this.#options, split, next)) this.#announcer.end(split);
    if (left < limit) return 'progress';
    return [...this.#next].every(([split, next]) => isOver(this.#options, split, next)) ? 'ended' : 'idle';
  }

  wakeAt(): MonotonicMs {
    return nextArrival(this.#options, [...this.#next.keys()], this.#context.clock.monotonic());
  }

  acknowledge(): void {}

  close(): void {}

  #read(out: SourceEmitter<TimedRecord>, split: string, index: number, now: MonotonicMs): void {
    const { isRefused, refusal } = this.#options;
    if (isRefused?.(index) !== true) {
      this.#announcer.enter(split);
      out.emit(new StreamRecord({ split: Number(split), index }, undefined, Number.NaN, now));
    } else if (refusal === 'skip') {
      this.#context.skipped();
    } else {
      const raw = Buffer.from(`record ${index}`);
      this.#context.deadLetter({ split, offset: String(index), reason: 'refused', raw, rawBytes: raw.length });
    }
  }
}
