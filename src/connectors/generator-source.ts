/**
 * Makes records by a function of (index, random numbers), on an open-loop schedule or as fast as they are taken.
 *
 * Open loop: record n is due at a time that does not depend on how fast the job is. A reader that falls behind emits what is
 * overdue with the time it was due at, so latencies contain the delay that a slow job causes (no coordinated omission).
 *
 * Split s of S holds the records with index s, s + S, s + 2S, ...; an offset is the index of the next record. After a
 * restart the schedule begins anew at the restored index. Of a range that was planned beforehand all records are emitted, due or not:
 * after a crash it is read again under a new schedule. No record is stamped with a time that is still to come.
 */
import {
  type ConnectorDescription,
  type MonotonicMs,
  type Offset,
  type PollResult,
  type SourceConnector,
  type SourceEmitter,
  type SourceReader,
  type SourceReaderContext,
  type SourceSurveyor,
  type SplitId,
  type SplitOffsets,
  StreamRecord,
  type SurveyContext,
} from '../model/index.ts';
import { firstScheduledIndex, GeneratorSchedule } from './generator-schedule.ts';
import { GeneratorSurveyor } from './generator-surveyor.ts';
import { OptionCheck } from './option-check.ts';
import { type RandomStream, SeededRandom } from './seeded-random.ts';
import { SplitAnnouncer } from './split-announcer.ts';

export interface GeneratorSourceOptions<T> {
  /**
   * Makes record `index`. Must depend on its arguments only: after a restart it is asked again for the same index.
   * `random` is one object for all calls, begun anew for each record: do not keep it.
   */
  readonly create: (index: number, random: RandomStream) => T;
  /** Records per second over all splits. Absent: as fast as the job takes them. */
  readonly rate?: number;
  /** How many records there are. Absent: it never ends. */
  readonly records?: number;
  /** Whole number; default 1. The same seed makes the same records. */
  readonly seed?: number;
  /** Number of splits, hence the most subtasks that can share the work; default 1. Pinned in the checkpoint. */
  readonly splits?: number;
}

interface GeneratorSettings<T> {
  readonly create: (index: number, random: RandomStream) => T;
  /** Milliseconds between two records of the whole source; 0 for as fast as possible. */
  readonly periodMs: number;
  readonly records: number;
  readonly seed: number;
  readonly splits: number;
}

/**
 * @example sources.generator({ rate: 20_000, create: (index, random) => ({ index, user: random.below(1000) }) })
 */
export function generatorSource<T>(options: GeneratorSourceOptions<T>): SourceConnector<T> {
  const check = new OptionCheck('sources.generator');
  check.keys(options, ['create', 'rate', 'records', 'seed', 'splits']);
  check.require(typeof options.create === 'function', 'create', 'must be a function of (index, random)');
  const { rate } = options;
  check.require(
    rate === undefined || (rate > 0 && rate <= 1e9),
    'rate',
    'must be records per second, above 0 and at most 1e9',
  );
  const seed = check.integer(options.seed, 1, 'seed', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  const splits = check.integer(options.splits, 1, 'splits', 1, 4096);
  const records =
    options.records === undefined
      ? Number.POSITIVE_INFINITY
      : check.integer(options.records, 0, 'records', 0, Number.MAX_SAFE_INTEGER);
  check.finish();
  return new GeneratorSource({
    create: options.create,
    periodMs: rate === undefined ? 0 : 1000 / rate,
    records,
    seed,
    splits,
  });
}

class GeneratorSource<T> implements SourceConnector<T> {
  readonly isBounded: boolean;
  readonly #settings: GeneratorSettings<T>;

  constructor(settings: GeneratorSettings<T>) {
    this.#settings = settings;
    this.isBounded = settings.records !== Number.POSITIVE_INFINITY;
  }

  describe(): ConnectorDescription {
    const { seed, splits, periodMs } = this.#settings;
    const label = periodMs === 0 ? 'as fast as possible' : `${1000 / periodMs} records/s`;
    return { type: 'generator', label, identity: { seed, splits } };
  }

  async listSplits(): Promise<readonly SplitId[]> {
    return Array.from({ length: this.#settings.splits }, (_, split) => String(split));
  }

  createReader(context: SourceReaderContext): SourceReader<T> {
    return new GeneratorReader(context, this.#settings);
  }

  createSurveyor(context: SurveyContext): SourceSurveyor {
    return new GeneratorSurveyor(context, this.#settings);
  }
}

interface GeneratorCursor {
  readonly split: SplitId;
  next: number;
}

class GeneratorReader<T> implements SourceReader<T> {
  readonly #context: SourceReaderContext;
  readonly #settings: GeneratorSettings<T>;
  readonly #random: SeededRandom;
  readonly #cursors: readonly GeneratorCursor[];
  readonly #announcer: SplitAnnouncer = new SplitAnnouncer();
  /** Begins with the first poll, where no surveyor has begun it. */
  #schedule: GeneratorSchedule | undefined;

  constructor(context: SourceReaderContext, settings: GeneratorSettings<T>) {
    this.#context = context;
    this.#settings = settings;
    this.#random = new SeededRandom(settings.seed);
    this.#cursors = context.splits.map((split) => ({ split, next: Number(context.offsets[split] ?? split) }));
    this.#schedule = GeneratorSchedule.fromHint(context.hint, settings.periodMs);
  }

  offsets(): SplitOffsets {
    return Object.fromEntries(this.#cursors.map(({ split, next }) => [split, next]));
  }

  poll(out: SourceEmitter<T>, limit: number, until?: SplitOffsets): PollResult {
    const now = this.#context.clock.monotonic();
    this.#schedule ??= this.#begin(now);
    this.#announcer.begin(out);
    let left = limit;
    let hasEnded = true;
    for (const cursor of this.#cursors) {
      const before = left;
      left -= this.#emit(out, cursor, left, until?.[cursor.split], now);
      if (cursor.next >= this.#settings.records) this.#announcer.end(cursor.split);
      else hasEnded = false;
      if (before > 0 && left === before) this.#announcer.caughtUp(cursor.split);
    }
    if (left < limit) return 'progress';
    return hasEnded ? 'ended' : 'idle';
  }

  /** Emits from `cursor` at most `limit` records below its bound, without one those that are due; returns how many. */
  #emit(
    out: SourceEmitter<T>,
    cursor: GeneratorCursor,
    limit: number,
    bound: Offset | undefined,
    now: MonotonicMs,
  ): number {
    const { create, periodMs, records, splits } = this.#settings;
    const isPlanned = bound !== undefined;
    const stop = isPlanned ? Math.min(records, Number(bound)) : records;
    const schedule = this.#schedule!;
    const random = this.#random;
    let count = 0;
    while (count < limit && cursor.next < stop) {
      const index = cursor.next;
      const dueAt = periodMs === 0 ? now : schedule.dueAt(index);
      if (dueAt > now && !isPlanned) break;
      random.begin(index);
      const value = create(index, random);
      cursor.next = index + splits;
      this.#announcer.enter(cursor.split);
      out.emit(new StreamRecord(value, undefined, Number.NaN, Math.min(dueAt, now)));
      count++;
    }
    return count;
  }

  /** Rounded down to a multiple of the splits, so that readers of different splits keep to one schedule. */
  #begin(now: MonotonicMs): GeneratorSchedule {
    const { periodMs, splits } = this.#settings;
    const indexes = this.#cursors.map(({ next }) => next);
    return new GeneratorSchedule(now, firstScheduledIndex(indexes, splits), periodMs);
  }

  wakeAt(): MonotonicMs {
    const { records, periodMs } = this.#settings;
    let next = Number.POSITIVE_INFINITY;
    for (const cursor of this.#cursors) if (cursor.next < records) next = Math.min(next, cursor.next);
    if (next === Number.POSITIVE_INFINITY) return next;
    const schedule = this.#schedule;
    return periodMs === 0 || schedule === undefined ? this.#context.clock.monotonic() : schedule.dueAt(next);
  }

  acknowledge(): void {}

  close(): void {}
}
