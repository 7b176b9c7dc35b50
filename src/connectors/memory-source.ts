/**
 * A bounded source over records that are in the program: for tests and small examples.
 *
 * Every thread that loads the job module has its own copy of the records, so they must be the same in each.
 */
import {
  assert,
  type ConnectorDescription,
  type MonotonicMs,
  type PollResult,
  type SourceConnector,
  type SourceEmitter,
  type SourceReader,
  type SourceReaderContext,
  type SourceSurveyor,
  type SplitExtent,
  type SplitId,
  type SplitOffsets,
  StreamRecord,
  type SurveyContext,
} from '../model/index.ts';
import { OptionCheck } from './option-check.ts';
import { SplitAnnouncer } from './split-announcer.ts';

/** One array per split: the unit in which parallel readers share the work. Split `i` is named `"i"`. */
export interface MemorySplits<T> {
  readonly splits: readonly (readonly T[])[];
}

/**
 * Emits `records` in order, then ends. An offset is the index of the next record in its split.
 *
 * @example sources.memory([{ user: 'ada', clicks: 3 }])
 */
export function memorySource<T>(records: readonly T[] | MemorySplits<T>): SourceConnector<T> {
  const splits: readonly (readonly T[])[] = 'splits' in records ? records.splits : [records];
  const check = new OptionCheck('sources.memory');
  check.require(
    Array.isArray(splits) && splits.every((split) => Array.isArray(split)),
    'records',
    'must be an array, or { splits: [array, ...] }',
  );
  check.finish();
  return new MemorySource(splits);
}

class MemorySource<T> implements SourceConnector<T> {
  readonly isBounded: boolean = true;
  readonly #splits: readonly (readonly T[])[];

  constructor(splits: readonly (readonly T[])[]) {
    this.#splits = splits;
  }

  describe(): ConnectorDescription {
    return { type: 'memory', label: 'memory', identity: { splits: this.#splits.length } };
  }

  async listSplits(): Promise<readonly SplitId[]> {
    return this.#splits.map((_, index) => String(index));
  }

  createReader(context: SourceReaderContext): SourceReader<T> {
    return new MemorySourceReader(context, (split) => this.#splits[Number(split)]);
  }

  createSurveyor(context: SurveyContext): SourceSurveyor {
    const extentOf = (split: SplitId, from: SplitOffsets): SplitExtent => {
      const until = this.#splits[Number(split)]?.length ?? 0;
      const records = until - Number(from[split] ?? 0);
      return { until, records, isEmpty: records === 0, isEnd: true };
    };
    return {
      survey: async (from) => Object.fromEntries(context.splits.map((split) => [split, extentOf(split, from)])),
      // Everything is there from the start.
      wakeAt: () => Number.POSITIVE_INFINITY,
      close: () => {},
    };
  }
}

interface SplitCursor<T> {
  readonly split: SplitId;
  readonly records: readonly T[];
  next: number;
}

class MemorySourceReader<T> implements SourceReader<T> {
  readonly #context: SourceReaderContext;
  readonly #cursors: readonly SplitCursor<T>[];
  readonly #announcer: SplitAnnouncer = new SplitAnnouncer();

  constructor(context: SourceReaderContext, recordsOf: (split: SplitId) => readonly T[] | undefined) {
    this.#context = context;
    this.#cursors = context.splits.map((split) => {
      const records = recordsOf(split);
      assert(records !== undefined, `the memory source has no split '${split}'`);
      return { split, records, next: Number(context.offsets[split] ?? 0) };
    });
  }

  offsets(): SplitOffsets {
    return Object.fromEntries(this.#cursors.map(({ split, next }) => [split, next]));
  }

  poll(out: SourceEmitter<T>, limit: number, until?: SplitOffsets): PollResult {
    const ingestTime = this.#context.clock.monotonic();
    this.#announcer.begin(out);
    let left = limit;
    let hasEnded = true;
    for (const cursor of this.#cursors) {
      const stop = Math.min(Number(until?.[cursor.split] ?? Number.POSITIVE_INFINITY), cursor.records.length);
      while (left > 0 && cursor.next < stop) {
        left--;
        this.#announcer.enter(cursor.split);
        const value = cursor.records[cursor.next++] as T;
        out.emit(new StreamRecord(value, undefined, Number.NaN, ingestTime));
      }
      if (cursor.next < cursor.records.length) hasEnded = false;
      else this.#announcer.end(cursor.split);
    }
    if (left < limit) return 'progress';
    return hasEnded ? 'ended' : 'idle';
  }

  wakeAt(): MonotonicMs {
    return Number.POSITIVE_INFINITY;
  }

  acknowledge(): void {}

  close(): void {}
}
